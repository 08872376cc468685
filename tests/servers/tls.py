"""The real servers behind TLS, with certificates of a CA that the test makes, as an operator's are: Kafka by SASL_SSL with
SCRAM, PostgreSQL that takes TLS and passwords only, MinIO by https. The certificate names `localhost` and nothing else, so
`127.0.0.1` is the wrong name."""

from __future__ import annotations

import contextlib
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.bus import create_bus
from shared.errors import Unavailable
from tests.servers.base import ServerError, is_open, run
from tests.servers.kafka import KafkaServer
from tests.servers.minio import KEY, SECRET, MinioServer
from tests.servers.postgres import PostgresServer

USER, PASSWORD = "bramble", "scram-and-tls"


@dataclass(frozen=True)
class Authority:
    """A CA in a folder: `ca` is its certificate, `key` and `cert` those of the server `localhost`."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def cert(self) -> Path:
        return self.folder / "server.pem"

    @classmethod
    def make(cls, folder: Path) -> Authority:
        """A fresh one in `folder`. Raises ServerError where openssl isn't here."""
        if shutil.which("openssl") is None:
            raise ServerError("openssl is needed to make the servers' certificates; `apt install openssl`")
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder)
        new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
        name = f"/CN=Test CA {folder.name}"
        run([*new, "-x509", "-days", "2", "-subj", name, "-keyout", folder / "ca.key", "-out", made.ca])
        asked, extra = folder / "server.csr", folder / "server.ext"
        run([*new, "-subj", "/CN=localhost", "-keyout", made.key, "-out", asked])
        extra.write_text(
            "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"
        )
        signer = ["-CA", made.ca, "-CAkey", folder / "ca.key", "-CAcreateserial", "-days", "2"]
        run(["openssl", "x509", "-req", "-in", asked, *signer, "-extfile", extra, "-out", made.cert])
        return made


class TlsKafka(KafkaServer):
    """`tls_url(host, ca)` is a bus URL."""

    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self.external, self.authority = "", authority

    def prepare(self) -> None:
        if self.in_docker:
            raise ServerError("the broker behind TLS is started from its jars; Java and Maven are needed")
        pem = self.folder / "server.pem"
        pem.write_text(self.authority.key.read_text() + self.authority.cert.read_text())
        super().prepare()

    def properties(self) -> str:
        return (
            super().properties()
            + f"""
listeners=PLAINTEXT://127.0.0.1:{self.port},SASL_SSL://127.0.0.1:{self.sasl_port},CONTROLLER://127.0.0.1:{self.controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{self.port},SASL_SSL://localhost:{self.sasl_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={self.folder / "server.pem"}
"""
        )

    def format_options(self) -> list[str]:
        return ["--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"]

    def is_ready(self) -> bool:
        """Once the user that was made with its folder may log in, which is a moment after the ports are open."""
        if not (is_open(self.port) and is_open(self.sasl_port)):
            return False
        bus = create_bus(self.tls_url("localhost", self.authority.ca))
        try:
            bus.ping()
        except Unavailable:
            return False
        finally:
            bus.close()
        return True

    def tls_url(self, host: str, ca: Path, password: str = PASSWORD) -> str:
        return f"kafka://{USER}:{password}@{host}:{self.sasl_port}?ca={ca}"


class TlsMinio(MinioServer):
    """`tls_url(host, ca)` is a blob URL."""

    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self.external, self.authority = "", authority

    def prepare(self) -> None:
        if self.in_docker:
            raise ServerError("the MinIO behind TLS is started from its own binary; Go is needed")
        super().prepare()
        certs = self.folder / "certs"
        certs.mkdir(exist_ok=True)
        shutil.copy(self.authority.cert, certs / "public.crt")
        shutil.copy(self.authority.key, certs / "private.key")

    def command(self) -> Sequence[str | Path]:
        return [*super().command(), "--certs-dir", self.folder / "certs"]

    def is_ready(self) -> bool:
        trusting = ssl.create_default_context(cafile=str(self.authority.ca))
        url = f"https://localhost:{self.port}/minio/health/ready"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2, context=trusting) as answer:
            return bool(answer.status == 200)
        return False

    def tls_url(self, host: str, ca: Path) -> str:
        return f"s3://{KEY}:{SECRET}@{host}:{self.port}/behind-tls?ca={ca}"


class TlsPostgres(PostgresServer):
    """`tls_url(host, ca)` is a database URL."""

    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self.external, self.authority = "", authority

    def prepare(self) -> None:
        super().prepare()
        data = self.folder / "data"
        for source, name in ((self.authority.cert, "server.crt"), (self.authority.key, "server.key")):
            shutil.copy(source, data / name)
            (data / name).chmod(0o600)
            if user := self.user():
                shutil.chown(data / name, user)
        # By the socket in its own folder the test makes the role; over the network only TLS and a password open.
        (data / "pg_hba.conf").write_text("local all all trust\nhostssl all all all scram-sha-256\n")

    def command(self) -> Sequence[str | Path]:
        return [*super().command(), "-c", "ssl=on"]

    def create_role(self) -> None:
        """The role and the database `bramble`."""
        psql = [
            self.bin / "psql",
            "-q",
            "-h",
            self.folder,
            "-p",
            str(self.port),
            "-U",
            "postgres",
            "-d",
            "postgres",
        ]
        for line in (
            f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'",
            f"CREATE DATABASE {USER} OWNER {USER}",
        ):
            subprocess.run([*psql, "-v", "ON_ERROR_STOP=1", "-c", line], check=True, capture_output=True)

    def tls_url(self, host: str, ca: Path | None, mode: str = "verify-full", password: str = PASSWORD) -> str:
        root = f"&sslrootcert={ca}" if ca else ""
        return f"postgresql://{USER}:{password}@{host}:{self.port}/{USER}?sslmode={mode}{root}"
