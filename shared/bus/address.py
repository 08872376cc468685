"""What a `kafka://` URL says (`shared.bus.kafka` lists its parameters), and what to look at where nobody answers there."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

_SECURITY = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_PARAMETERS = frozenset(
    (
        "security",
        "mechanism",
        "username_file",
        "password_file",
        "ca",
        "cert",
        "key",
        "replication",
        "partitions",
    )
)
_MOST_PARTITIONS = 1000


@dataclass(frozen=True, slots=True)
class KafkaAddress:
    """What a `kafka://` URL says. `options` go to every client of kafka-python."""

    servers: tuple[str, ...]
    options: Mapping[str, Any] = field(repr=False)  # may hold a password
    replication: int = -1
    partitions: int = 0  # 0: as the topic's page says

    @classmethod
    def parse(cls, url: str) -> KafkaAddress:
        """Read the URL. Raises ValueError with a sentence for the operator who wrote it; never repeats the
        password."""
        scheme, _, rest = url.partition("://")
        place, _, query = rest.partition("?")
        credentials, at, hosts = place.rpartition("@")
        servers = tuple(part for part in hosts.rstrip("/").split(",") if part)
        if scheme != "kafka" or not servers or not all(":" in server for server in servers):
            raise ValueError("BRAMBLE_BUS_URL must read kafka://host:port[,host:port][?security=...]")
        given = dict(parse_qsl(query, keep_blank_values=True))
        unknown = sorted(set(given) - _PARAMETERS)
        if unknown:
            known = ", ".join(sorted(_PARAMETERS))
            raise ValueError(f"BRAMBLE_BUS_URL has an unknown parameter {unknown[0]!r}; there are: {known}")
        security = given.get("security", "SASL_SSL" if at else "PLAINTEXT").upper()
        if security not in _SECURITY:
            raise ValueError(
                f"BRAMBLE_BUS_URL: security must be one of {', '.join(_SECURITY)}, not {security!r}"
            )
        options: dict[str, Any] = {"security_protocol": security}
        if security.startswith("SASL"):
            name, _, password = credentials.partition(":")
            name, password = unquote(name), unquote(password)
            if "username_file" in given:
                name = Path(given["username_file"]).read_text().strip()
            if "password_file" in given:
                password = Path(given["password_file"]).read_text().strip()
            if not name or not password:
                raise ValueError(
                    f"BRAMBLE_BUS_URL says {security} but gives no user and password, nor username_file and password_file"
                )
            options["sasl_mechanism"] = given.get("mechanism", "SCRAM-SHA-512").upper()
            options |= {"sasl_plain_username": name, "sasl_plain_password": password}
        if security.endswith("SSL"):
            names = {"ca": "ssl_cafile", "cert": "ssl_certfile", "key": "ssl_keyfile"}
            options |= {names[key]: given[key] for key in names if given.get(key)}
        partitions = given.get("partitions", "0")
        if not partitions.isdigit() or int(partitions) > _MOST_PARTITIONS:
            raise ValueError(
                f"BRAMBLE_BUS_URL: partitions must be a number up to {_MOST_PARTITIONS}, not {partitions!r}"
            )
        return cls(servers, options, int(given.get("replication", "-1")), int(partitions))

    def advice(self) -> str:
        """A sentence on what to look at where no broker answers; "" where nothing is known. kafka-python keeps trying and says only that
        it timed out, so this shakes hands once more."""
        security = self.options["security_protocol"]
        trusting = ssl.create_default_context(cafile=self.options.get("ssl_cafile"))
        for server in self.servers:
            host, _, port = server.rpartition(":")
            try:
                with socket.create_connection((host, int(port)), timeout=3) as raw:
                    if security.endswith("SSL"):
                        trusting.wrap_socket(raw, server_hostname=host).close()
            except ssl.SSLCertVerificationError as error:
                return f" The certificate isn't trusted ({server}: {error.verify_message}); check `ca` and the servers' names."
            except OSError:
                continue
            if security.startswith("SASL"):
                return f" {server} can be reached; if this lasts, check the user name or password."
            break
        return ""
