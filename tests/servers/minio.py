"""MinIO (AGPL): runs beside the tests, is never linked. Built once from the Go module proxy, or run from
Docker."""

from __future__ import annotations

import contextlib
import subprocess
import time
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
        self._room_mb = 0
        self._room: subprocess.Popen[bytes] | None = None

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
        if self._room_mb and self._room is None:
            self._room = self._make_room()

    def limit(self, mb: int) -> None:
        """Give it a disk of `mb` MB of its own, which `fill` fills. To be called before the start."""
        self._room_mb = mb

    def fill(self) -> None:
        """Leave no room on its disk, until `clear`."""
        with self._filler().open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:  # ends with "no space left on device"
                file.write(bytes(1 << 16))

    def clear(self) -> None:
        """There is room again."""
        self._filler().unlink(missing_ok=True)

    def stop(self) -> None:
        super().stop()
        if self._room is not None:
            self._room.kill()
            self._room.communicate()
            self._room = None

    def _filler(self) -> Path:
        if self._room is None:
            raise ServerError("this MinIO has no disk of its own to fill")
        return Path(f"/proc/{self._room.pid}/root{self.folder}/data/filler")

    def _make_room(self) -> subprocess.Popen[bytes]:
        """A process that holds a mount namespace with a small tmpfs over the data folder. It outlives a MinIO that is killed, and ends with
        this process, whose pipe it reads. Needs no rights where the kernel lets users make namespaces."""
        data = self.folder / "data"
        script = f'mount -t tmpfs -o size={self._room_mb}m bramble "$0" && touch "$0/.mounted" && exec cat'
        keeper = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        mark = Path(f"/proc/{keeper.pid}/root{data}/.mounted")
        deadline = time.monotonic() + 10
        while not mark.exists():
            if keeper.poll() is not None or time.monotonic() > deadline:
                keeper.kill()
                said = keeper.communicate()[1].decode(errors="replace").strip()
                raise ServerError(
                    f"a small disk for MinIO can't be mounted here, so filling it can't be tested: {said}"
                )
            time.sleep(0.02)
        mark.unlink()
        return keeper

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
        inside: list[str | Path] = []
        if self._room is not None:
            inside = [
                "nsenter",
                "--target",
                str(self._room.pid),
                "--user",
                "--mount",
                "--preserve-credentials",
            ]
            # Entering a namespace drops what `Server` asked of the kernel for the case that the harness dies.
            inside += ["--", "setpriv", "--pdeathsig", "TERM"]
        return [
            *inside,
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
