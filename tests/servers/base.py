"""What the servers share: where tools are kept, free ports, a supervised child process."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1


class ServerError(RuntimeError):
    """A server can't be installed or started; the sentence says what is missing and what to do."""


def tools_dir() -> Path:
    """Where downloaded and built servers are kept between runs: `BRAMBLE_TOOLS`, else `.tools/` of the
    repository."""
    path = Path(os.environ.get("BRAMBLE_TOOLS") or ROOT / ".tools").absolute()
    (path / "bin").mkdir(parents=True, exist_ok=True)
    return path


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_open(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def install_lock(name: str) -> Iterator[None]:
    """One installation of `name` at a time, over all processes of this machine."""
    with (tools_dir() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> None:
    """Run an installer. Raises ServerError with the end of its output where it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        tail = (done.stdout + done.stderr).strip()[-1500:]
        raise ServerError(
            f"`{' '.join(str(part) for part in command[:4])} ...` ended with {done.returncode}:\n{tail}"
        )


def pip_install(target: Path, *requirements: str, deps: bool = True) -> None:
    """Install wheels into a folder of their own (`pip install --target`), away from the project's
    environment."""
    command: list[str | Path] = [sys.executable, "-m", "pip", "install", "-q", "--target", target]
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode != 0:
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        if uv is None:
            raise ServerError(
                "neither pip nor uv is there to install a server; `python -m ensurepip` brings pip"
            )
        command = [uv, "pip", "install", "-q", "--python", sys.executable, "--target", target]
    run([*command, *([] if deps else ["--no-deps"]), *requirements])


def docker_works() -> bool:
    """Whether a Docker daemon answers."""
    return shutil.which("docker") is not None and (
        subprocess.run(["docker", "info"], capture_output=True, timeout=20).returncode == 0
    )


def _die_with_parent() -> None:
    """Runs in the child: the kernel ends it when the harness dies, even by kill -9. Linux only; elsewhere
    atexit has to do."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _children() -> dict[int, list[int]]:
    """Process → its children, as /proc has it now."""
    found: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name, in parentheses, may hold anything; behind it stand the state and the parent.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            found.setdefault(parent, []).append(int(stat.parent.name))
    return found


class Server(ABC):
    """One real server of this test run.

    `address()` gives what the environment names, or installs and starts one. `kill()` and `start()` again
    keep ports and data, which is what the fault suite lives on. `stop()` may be called at any time, more than
    once.
    """

    name: ClassVar[str]
    variable: ClassVar[str]
    start_timeout_s: ClassVar[float] = 90.0

    def __init__(self) -> None:
        self.external = os.environ.get(self.variable, "")
        self.folder = Path()
        self.process: subprocess.Popen[bytes] | None = None
        self._exit = contextlib.ExitStack()

    # --- what a server says about itself

    @abstractmethod
    def install(self) -> None:
        """Bring the server's files below `tools_dir()`; returns at once where they are. Raises
        ServerError."""

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """What to start. Called after `prepare`."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers."""

    @abstractmethod
    def url(self) -> str:
        """The address, in the form of `variable`."""

    def prepare(self) -> None:  # noqa: B027  (optional hook)
        """Write configuration and data folders into `self.folder`; called before every start."""

    def env(self) -> dict[str, str]:
        """Added to the child's environment."""
        return {}

    def user(self) -> str | None:
        """Account that the server runs as, where not the caller's."""
        return None

    # --- what the harness does with it

    def address(self) -> str:
        """The address to give to a client; starts the server on the first call."""
        if self.external:
            return self.external
        if self.process is None:
            self.start()
        return self.url()

    def start(self) -> None:
        """Install if need be, start and wait until it answers. Raises ServerError with the end of its log."""
        if self.external:
            return
        if self.process is not None and self.process.poll() is None:
            return
        with install_lock(self.name):
            self.install()
        if self.folder == Path():
            self.folder = Path(tempfile.mkdtemp(prefix=f"bramble-{self.name}-"))
            self.folder.chmod(0o755)
            self._exit.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.prepare()
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in self.command()],
                env={**os.environ, **self.env()},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self.user(),
                preexec_fn=_die_with_parent,
            )
        self._wait(self.is_ready)

    def stop(self) -> None:
        """End it politely, then by force after 20 s, and remove its data."""
        self._end(signal.SIGTERM)
        self._exit.close()
        self.folder = Path()

    def kill(self) -> None:
        """kill -9; data and ports stay for the next `start()`."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop it where it is, with all of its processes, as a machine does that is paused: connections stay open and the
        kernel acknowledges what comes. `thaw` lets it go on."""
        self._tell(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._tell(signal.SIGCONT)

    def family(self) -> list[int]:
        """Its process and all below it."""
        assert self.process is not None
        family, children = [self.process.pid], _children()
        for pid in family:  # grows while it is walked
            family += children.get(pid, [])
        return family

    def _tell(self, what: signal.Signals) -> None:
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, what)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)
        self.process = None

    def _wait(self, ready: Callable[[], bool]) -> None:
        assert self.process is not None
        deadline = time.monotonic() + self.start_timeout_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerError(
                    f"{self.name} ended with {self.process.returncode} at its start:\n{self.log_tail()}"
                )
            if ready():
                return
            time.sleep(0.1)
        log = self.log_tail()
        self._end(signal.SIGKILL)
        raise ServerError(f"{self.name} didn't answer within {self.start_timeout_s:.0f} s:\n{log}")

    def log_tail(self, characters: int = 2000) -> str:
        """The end of its log."""
        path = self.folder / "server.log"
        return path.read_text(errors="replace")[-characters:] if path.exists() else ""
