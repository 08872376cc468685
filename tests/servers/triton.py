"""NVIDIA Triton without a GPU, from the PyPI wheel `nvidia-pytriton`: it brings the Python backend only,
which runs ONNX Runtime on the CPU. The model repository is the caller's (`BRAMBLE_TEST_TRITON_MODELS`, else
an empty one)."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import sysconfig
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.servers.base import Server, free_port, run, tools_dir

WHEEL = "nvidia-pytriton==0.7.0"
# numpy 2 makes every output tensor come back with 0 bytes and no error: the stub was built with an older
# pybind11.
MODEL_PACKAGES = ("tritonclient[grpc]", "onnxruntime", "onnx", "numpy<2", "pillow")
STUBS = "3.11"


class TritonServer(Server):
    """`url()` is `grpc://host:port`; `metrics_url()` serves Prometheus text."""

    name = "triton"
    variable = "BRAMBLE_TEST_TRITON"

    def __init__(self, models: Path | None = None) -> None:
        super().__init__()
        self.http, self.grpc, self.metrics = free_port(), free_port(), free_port()
        given = os.environ.get("BRAMBLE_TEST_TRITON_MODELS")
        self.models = models or (Path(given) if given else None)
        self.venv = tools_dir() / "triton" / "venv"

    def _site(self) -> Path:
        return next((self.venv / "lib").glob("python*/site-packages"))

    def install(self) -> None:
        marker = self.venv / "bramble-ready"
        if marker.exists():
            return
        shutil.rmtree(self.venv, ignore_errors=True)
        run([sys.executable, "-m", "venv", self.venv])
        pip = [self.venv / "bin" / "python", "-m", "pip", "install", "-q"]
        run([*pip, "--no-deps", WHEEL])
        run([*pip, *MODEL_PACKAGES])
        home = self._site() / "pytriton" / "tritonserver"
        stub = home / "backends" / "python" / "triton_python_backend_stub"
        shutil.copy(home / "python_backend_stubs" / STUBS / stub.name, stub)
        stub.chmod(0o755)
        marker.touch()

    def prepare(self) -> None:
        if self.models is None:
            self.models = self.folder / "models"
            self.models.mkdir(exist_ok=True)

    def env(self) -> dict[str, str]:
        # The stub embeds libpython and finds its packages by the first python3 on the PATH; it ignores
        # PYTHONPATH.
        libpython = sysconfig.get_config_var("LIBDIR") or ""
        return {
            "LD_LIBRARY_PATH": f"{self._site() / 'nvidia_pytriton.libs'}:{libpython}",
            "PATH": f"{self.venv / 'bin'}:{os.environ.get('PATH', '')}",
        }

    def command(self) -> Sequence[str | Path]:
        home = self._site() / "pytriton" / "tritonserver"
        ports = {"http": self.http, "grpc": self.grpc, "metrics": self.metrics}
        listen = [
            part
            for name, port in ports.items()
            for part in (f"--{name}-address=127.0.0.1", f"--{name}-port={port}")
        ]
        return [
            home / "bin" / "tritonserver",
            f"--model-repository={self.models}",
            f"--backend-directory={home / 'backends'}",
            *listen,
            "--allow-gpu-metrics=false",
            "--model-control-mode=explicit",
            "--load-model=*",
            "--backend-config=python,shm-default-byte-size=1048576",
            f"--backend-config=python,shm-region-prefix-name=bramble{self.grpc}",
        ]

    def is_ready(self) -> bool:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.http}/v2/health/ready", timeout=2) as answer,
        ):
            return bool(answer.status == 200)
        return False

    def url(self) -> str:
        return f"grpc://127.0.0.1:{self.grpc}"

    def metrics_url(self) -> str:
        """Triton's own Prometheus page."""
        return f"http://127.0.0.1:{self.metrics}/metrics"
