"""A throw-away PostgreSQL cluster: the system's package where there is one, else the PyPI wheel `pgserver`
(16.2)."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers.base import Server, ServerError, free_port, pip_install, tools_dir

# The wheel has no other account for root to start the server as; "nobody" exists everywhere.
UNPRIVILEGED = ("postgres", "nobody")


class PostgresServer(Server):
    """`url()` is `postgresql://postgres@host:port/postgres`; `create_database()` makes one for a test. `durable`
    keeps PostgreSQL's own settings for the disk, for those who measure."""

    name = "postgres"
    variable = "BRAMBLE_TEST_POSTGRES_URL"

    def __init__(self, *, durable: bool = False) -> None:
        super().__init__()
        self.durable = durable
        self.port = free_port()
        self.bin = Path()

    def install(self) -> None:
        wheel = tools_dir() / "postgres" / "pgserver" / "pginstall" / "bin"
        found = shutil.which("initdb")
        debian = sorted(
            Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
        )
        if debian:
            self.bin = debian[-1].parent
        elif found:
            self.bin = Path(found).resolve().parent
        else:
            if not (wheel / "initdb").exists():
                pip_install(tools_dir() / "postgres", "pgserver==0.1.4", deps=False)
            self.bin = wheel
        if not (self.bin / "postgres").exists():
            raise ServerError(
                "no PostgreSQL server is here and its wheel didn't bring one; `apt install postgresql`, "
                f"or give one as {self.variable}=postgresql://user@host:port/db"
            )

    def user(self) -> str | None:
        if os.geteuid() != 0:
            return None  # initdb and postgres refuse root, and only root
        known = {entry.pw_name for entry in pwd.getpwall()}
        return next(name for name in UNPRIVILEGED if name in known)

    def prepare(self) -> None:
        user = self.user()
        data = self.folder / "data"
        if (data / "PG_VERSION").exists():
            (data / "postmaster.pid").unlink(
                missing_ok=True
            )  # left by kill -9; the port would be taken if it still ran
            return
        if user is not None:
            shutil.chown(self.folder, user)
        subprocess.run(
            [
                self.bin / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            user=user,
            cwd=self.folder,
        )

    def command(self) -> Sequence[str | Path]:
        # fsync is off because the fault suite kills processes, not the machine: the page cache outlives kill
        # -9.
        quick = ["fsync=off", "full_page_writes=off", "shared_buffers=32MB"]
        quick = [*([] if self.durable else quick), "max_connections=200", "listen_addresses=127.0.0.1"]
        flags = [part for setting in quick for part in ("-c", setting)]
        return [
            self.bin / "postgres",
            "-D",
            self.folder / "data",
            "-p",
            str(self.port),
            "-k",
            self.folder,
            *flags,
        ]

    def is_ready(self) -> bool:
        client = [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(client, capture_output=True).returncode == 0

    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def create_database(self, name: str) -> str:
        """A new, empty database; its SQLAlchemy URL for psycopg 3."""
        import psycopg

        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
            raise ValueError(f"{name!r} is no plain database name")
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return (
            re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg://", self.address()).rsplit("/", 1)[0]
            + f"/{name}"
        )

    def drop_database(self, name: str) -> None:
        """Remove a test's database, with whoever is still connected."""
        import psycopg

        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
