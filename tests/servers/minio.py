"""MinIO (AGPL): runs beside the tests, is never linked. Built once from the Go module proxy, or run from
Docker."""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.servers.base import Server, ServerError, docker_works, free_port, tools_dir
from tests.servers.go import program

KEY, SECRET = "bramble-test", "bramble-test-secret"
IMAGE = "minio/minio:RELEASE.2025-04-22T22-12-26Z"


class MinioServer(Server):
    """`url()` is `http://key:secret@host:port`."""

    name = "minio"
    variable = "BRAMBLE_TEST_MINIO"

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self.in_docker = False

    def install(self) -> None:
        if not (tools_dir() / "bin" / "minio").exists() and docker_works():
            self.in_docker = True  # pulling an image is quicker than a build of four minutes
            return
        try:
            program("minio")
        except ServerError as error:
            raise ServerError(
                f"{error}\nor give an S3 server as {self.variable}=http://key:secret@host:port"
            ) from error

    def prepare(self) -> None:
        (self.folder / "data").mkdir(exist_ok=True)

    def env(self) -> dict[str, str]:
        off = {"MINIO_BROWSER": "off", "MINIO_UPDATE": "off", "MINIO_CALLHOME_ENABLE": "off"}
        return {"MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": SECRET, **off}

    def command(self) -> Sequence[str | Path]:
        if self.in_docker:
            flags = [part for key, value in self.env().items() for part in ("-e", f"{key}={value}")]
            return [
                "docker",
                "run",
                "--rm",
                "--network=host",
                *flags,
                IMAGE,
                "server",
                "/data",
                "--address",
                f"127.0.0.1:{self.port}",
            ]
        return [
            tools_dir() / "bin" / "minio",
            "server",
            self.folder / "data",
            "--address",
            f"127.0.0.1:{self.port}",
            "--quiet",
        ]

    def is_ready(self) -> bool:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/minio/health/ready", timeout=2) as answer,
        ):
            return bool(answer.status == 200)
        return False

    def url(self) -> str:
        return f"http://{KEY}:{SECRET}@127.0.0.1:{self.port}"
