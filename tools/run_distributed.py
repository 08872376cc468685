"""Every service a process of its own on real Kafka, PostgreSQL and MinIO, with the demo project: the form
that scales, on one machine.

    python tools/run_distributed.py                 # http://127.0.0.1:8080, Ctrl-C stops everything
    python tools/run_distributed.py --no-demo --env-file out/distributed.env

The servers come from `tests.servers` (or from the environment, see there); their data goes with them when it
ends.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from shared.settings import SERVICES, Settings  # noqa: E402
from tests.servers import KafkaServer, MinioServer, PostgresServer, ServerError  # noqa: E402
from tests.servers.base import free_port, tools_dir  # noqa: E402

READY_S = 120.0


class Distributed:
    """The servers, the services and one worker. `start`, then `stop` whatever happens; a service can be
    killed and restarted.

    `via` may lead services to a server or to another service by a proxy: it is asked with the name ("postgres", "minio",
    "kafka", "images", …) and the port, and answers the port to use. `module` is what runs a service instead of the CLI, and
    `extra` is added to its environment: both for the fault suite. `durable` lets PostgreSQL flush to the disk, for those who
    measure.
    """

    def __init__(
        self,
        port: int,
        *,
        worker: bool = True,
        via: Callable[[str, int], int] | None = None,
        module: str = "services.cli.main",
        extra: Mapping[str, str] | None = None,
        durable: bool = False,
    ) -> None:
        self.port = port
        self._via, self._module, self._extra = via, module, dict(extra or {})
        self.with_worker = worker
        self.kafka, self.minio, self.postgres = KafkaServer(), MinioServer(), PostgresServer(durable=durable)
        self.ports = {name: port if name == "gateway" else free_port() for name in SERVICES}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment: dict[str, str] = {}
        self.logs = tools_dir() / "distributed"
        self._databases: list[str] = []

    @property
    def url(self) -> str:
        """Where browsers and the CLI reach the gateway."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Servers, databases, migrations, services, worker; returns when every service is ready. Raises
        ServerError."""
        run = uuid.uuid4().hex[:8]
        for name in SERVICES:
            self._databases.append(f"bramble_{run}_{name}")
            url = self.postgres.create_database(self._databases[-1])
        base = self._route("postgres", url.rsplit("/", 1)[0])
        scheme, rest = self._route("minio", self.minio.address()).split("://", 1)
        secure = "true" if scheme == "https" else "false"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "BRAMBLE_DATABASE_URL": f"{base}/bramble_{run}_{{service}}",
            "BRAMBLE_BUS_URL": f"kafka://{self._kafka()}",
            "BRAMBLE_BLOB_URL": f"s3://{rest}/bramble-{run}?secure={secure}",
            "BRAMBLE_INTERNAL_SECRET_FILE": str(self._secret(run)),
            "BRAMBLE_SERVICES_URLS": json.dumps(
                {n: self._route(n, f"http://127.0.0.1:{p}") for n, p in self.ports.items()}
            ),
            "BRAMBLE_JOBS": "external",
            "BRAMBLE_HOST": "127.0.0.1",
            "BRAMBLE_DATA_DIR": str(self.logs / "data"),
            "OMP_NUM_THREADS": "1",
            "PYTHONUNBUFFERED": "1",
            **self._extra,
        }
        self.bramble("admin", "migrate")
        for name in SERVICES:
            self.start_service(name)
        if self.with_worker:
            self.start_service("worker")
        for name in SERVICES:
            self.wait_ready(name)

    def _secret(self, run: str) -> Path:
        path = self.logs / f"secret-{run}"
        path.touch(0o600)
        path.write_text(secrets.token_hex(24))
        return path

    def _kafka(self) -> str:
        """Where services reach the broker, which is started."""
        if self._via is None:
            return self.kafka.address()
        via = self._via
        routed = self.kafka.routed(lambda port: via("kafka", port))
        self.kafka.start()
        return routed

    def _route(self, server: str, url: str) -> str:
        """`url` with the port that `via` gives for that server."""
        if self._via is None:
            return url
        head, port = url.rsplit(":", 1)
        return f"{head}:{self._via(server, int(port))}"

    def database(self, service: str) -> str:
        """Address of a service's database for psycopg, past any proxy."""
        name = next(n for n in self._databases if n.endswith(f"_{service}"))
        return f"{self.postgres.address().rsplit('/', 1)[0]}/{name}"

    def start_service(self, name: str) -> None:
        """Start one service (or `worker`) as a process of its own."""
        command = ["worker"] if name == "worker" else ["serve", name, "--port", str(self.ports[name])]
        with (self.logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", self._module, *command],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end_service(self, name: str, patience_s: float = 20.0) -> None:
        """End it politely. Raises ServerError where it doesn't come to an end."""
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            raise ServerError(
                f"{name} didn't end within {patience_s:.0f} s of SIGTERM:\n{self.log_tail(name)}"
            ) from None

    def kill_service(self, name: str) -> None:
        """kill -9."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def wait_ready(self, name: str, patience_s: float = READY_S) -> float:
        """Wait for /readyz; answers the seconds that it took. Raises ServerError with the end of the
        service's log."""
        begin = time.monotonic()
        while time.monotonic() - begin < patience_s:
            if self.processes[name].poll() is not None:
                raise ServerError(
                    f"{name} ended with {self.processes[name].returncode}:\n{self.log_tail(name)}"
                )
            with (
                contextlib.suppress(OSError, urllib.error.URLError),
                urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5) as answer,
            ):
                if answer.status == 200:
                    return time.monotonic() - begin
            time.sleep(0.2)
        raise ServerError(f"{name} wasn't ready within {patience_s:.0f} s:\n{self.log_tail(name)}")

    def log_tail(self, name: str) -> str:
        """The end of a service's log."""
        return (self.logs / f"{name}.log").read_text(errors="replace")[-3000:]

    def demo_accounts(self) -> list[tuple[str, str, str]]:
        """Make the demo's accounts; (e-mail, password, role) of each."""
        from services.gateway.bootstrap import ensure_demo_accounts
        from shared.deps import Deps

        with self._as_environment():
            deps = Deps.create("gateway", Settings())
        try:
            return ensure_demo_accounts(deps)
        finally:
            deps.db.close()
            deps.bus.close()

    def seed_demo(self, accounts: list[tuple[str, str, str]]) -> None:
        """Load the demo project through the public API."""
        email, password, _ = next(account for account in accounts if account[2] == "lab")
        environment = {**self.environment, "BRAMBLE_EMAIL": email, "BRAMBLE_PASSWORD": password}
        command = [sys.executable, "-m", "services.cli.main", "--url", self.url, "demo", "seed"]
        if subprocess.run(command, env=environment, cwd=ROOT).returncode != 0:
            raise ServerError("the demo project could not be loaded; the lines above say why")

    def stop(self) -> None:
        """End services first, then the servers, and remove this run's databases from a server that was
        given."""
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        self.processes.clear()
        if self.postgres.external:
            for name in self._databases:
                self.postgres.drop_database(name)
        for server in (self.kafka, self.minio, self.postgres):
            server.stop()
        if secret := self.environment.get("BRAMBLE_INTERNAL_SECRET_FILE"):
            Path(secret).unlink(missing_ok=True)

    def bramble(self, *arguments: str) -> None:
        """Run a command of the CLI as the services' operator. Raises ServerError with what it said where it fails."""
        command = [sys.executable, "-m", "services.cli.main", *arguments]
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerError(
                f"`bramble {' '.join(arguments)}` failed:\n{(done.stdout + done.stderr)[-3000:]}"
            )

    @contextlib.contextmanager
    def _as_environment(self) -> Iterator[None]:
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def say(line: str) -> None:
    """One line to standard output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=int(os.environ.get("BRAMBLE_PORT", "8080")))
    parser.add_argument("--no-demo", action="store_true", help="Neither demo accounts nor the demo project.")
    parser.add_argument("--env-file", type=Path, help="Write the services' settings there while they run.")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    platform = Distributed(options.port)
    begin = time.monotonic()
    try:
        platform.start()
        if options.env_file is not None:
            lines = [f"export {k}='{v}'" for k, v in platform.environment.items() if k.startswith("BRAMBLE_")]
            options.env_file.write_text("\n".join(lines) + "\n")
        say(f"Bramble, distributed, is ready at {platform.url}  ({time.monotonic() - begin:.0f} s)")
        for name, process in platform.processes.items():
            say(f"  {name:<12} process {process.pid}  {platform.logs / name}.log")
        if not options.no_demo:
            accounts = platform.demo_accounts()
            for email, password, role in accounts:
                say(f"  {role:<12} {email:<28} {password}")
            platform.seed_demo(accounts)
        say("Stop with Ctrl-C.")
        while all(process.poll() is None for process in platform.processes.values()):
            time.sleep(0.5)
        dead = next(name for name, process in platform.processes.items() if process.poll() is not None)
        sys.stderr.write(f"{dead} ended by itself:\n{platform.log_tail(dead)}\n")
        return 1
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        platform.stop()


if __name__ == "__main__":
    sys.exit(main())
