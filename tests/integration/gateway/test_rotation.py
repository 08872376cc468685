"""The internal secret gets a successor while people work: a gateway and a service read one file, as two processes do."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from services.cli.main import app as cli
from services.gateway import tables
from shared.auth import HEADER, Principal, Role, encode_principal
from shared.keys import Keys, Ring, fingerprint
from tests.integration.gateway.conftest import Gate, build_gate, close_gate, make_service


@dataclass
class House:
    """The gate, the file of its secret, and the seconds by which the keys' clocks are ahead."""

    gate: Gate
    folder: Path
    path: Path
    ahead: float = 0.0

    def rotate(self, *options: str) -> str:
        """What `bramble admin rotate-keys` says."""
        environment = {"BRAMBLE_DATA_DIR": str(self.folder), "BRAMBLE_INTERNAL_SECRET_FILE": str(self.path)}
        done = CliRunner().invoke(cli, ["admin", "rotate-keys", *options], env=environment)
        assert done.exit_code == 0, done.output
        return done.output

    @property
    def newest(self) -> bytes:
        return Ring.parse(self.path.read_text()).keys[-1].secret

    async def works(self, client: httpx.AsyncClient) -> None:
        """Session or key, CSRF token and the signature towards the service count."""
        answer = await client.put("/api/v1/leases/l1/draft", json={})
        assert answer.status_code == 200, answer.text
        assert (await client.get("/api/v1/auth/me")).status_code == 200

    def signed_by(self, key: bytes) -> bool:
        """Whether the service's last request was signed by `key`."""
        text, _, mac = self.gate.service.state.seen[-1]["headers"][HEADER].rpartition(".")
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == mac


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    path = tmp_path / "secret"
    path.write_text("before")
    clocks = {
        "wall": lambda: time.time() + made.ahead,
        "monotonic": lambda: time.monotonic() + made.ahead,
    }
    monkeypatch.setattr(Keys.__init__, "__kwdefaults__", clocks)
    made = House.__new__(House)
    made.ahead, made.folder, made.path = 0.0, tmp_path, path
    secret = {"internal_secret": "", "internal_secret_file": path}
    service = make_service(tmp_path / "service", **secret)
    made.gate = build_gate(tmp_path, service, service, **secret)
    yield made
    await close_gate(made.gate)


@pytest.mark.parametrize("kind", ["guest", "account", "key"])
async def test_nobody_is_logged_out(house: House, kind: str) -> None:
    client = await (house.gate.guest() if kind == "guest" else house.gate.account("a@example.org"))
    if kind == "key":
        _, client = await house.gate.key(client)
    await house.works(client)
    said = house.rotate("--signs-in", "60", "--overlap", "600")
    assert fingerprint(house.newest) in said
    for later, signs in (
        (0, b"before"),
        (3, b"before"),
        (61, house.newest),
        (130, house.newest),
        (5000, house.newest),
    ):
        house.ahead = later
        await house.works(client)
        assert house.signed_by(signs), later
    assert house.gate.deps.settings.keys.accepted == (house.newest,)


async def test_a_leaked_secret_ends_at_once_and_pages_go_on(house: House) -> None:
    client = await house.gate.guest()
    await house.works(client)
    forged = {HEADER: encode_principal(Principal(id="mallory", role=Role.OPERATOR), b"before")}
    transport = httpx.ASGITransport(house.gate.service)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as inside:
        assert (await inside.get("/api/v1/anything", headers=forged)).status_code == 200
        house.rotate("--signs-in", "0", "--overlap", "0")
        house.ahead = 3
        assert (await inside.get("/api/v1/anything", headers=forged)).status_code == 401
    await house.works(client)


async def test_the_audit_log_says_which_key_and_keeps_no_secret(house: House) -> None:
    house.rotate()
    with house.gate.deps.db.read() as conn:
        rows = [dict(row._mapping) for row in conn.execute(select(tables.audit))]
    row = next(row for row in rows if row["action"] == "keys.rotate")
    assert (row["target"], row["account_id"]) == (fingerprint(house.newest), "command-line")
    assert house.newest.decode() not in str(rows)


async def test_printing_leaves_the_file(house: House) -> None:
    ring = Ring.parse(house.rotate("--print"))
    assert house.path.read_text() == "before"
    assert ring.keys[0].secret == ring.pseudonyms == b"before"


def test_a_secret_of_the_environment_must_be_printed(tmp_path: Path) -> None:
    environment = {"BRAMBLE_DATA_DIR": str(tmp_path), "BRAMBLE_INTERNAL_SECRET": "given"}
    done = CliRunner().invoke(cli, ["admin", "rotate-keys"], env=environment)
    assert done.exit_code != 0
    assert "--print" in done.output
