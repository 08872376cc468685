"""Whose word about a client's address counts: that of the named proxies, and nobody's where there is no public URL."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from services.allinone.up import server_config
from shared.settings import Settings


async def _who(scope: Scope, _receive: Receive, send: Send) -> None:
    body = f"{scope['scheme']} {scope['client'][0]}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def seen(folder: Path, peer: str, **settings: Any) -> str:
    """What the app sees of a client that a `peer` says is 203.0.113.7 on https."""
    config = server_config(Settings(data_dir=folder, **settings), _who)
    config.load()

    async def ask() -> str:
        transport = httpx.ASGITransport(app=config.loaded_app, client=(peer, 4000))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://bramble") as client:
            headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
            return (await client.get("/", headers=headers)).text

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("peer", "settings", "expected"),
    [
        ("127.0.0.1", {}, "http 127.0.0.1"),
        ("127.0.0.1", {"public_url": "https://b.example"}, "https 203.0.113.7"),
        ("10.4.0.9", {"public_url": "https://b.example"}, "http 10.4.0.9"),
        (
            "10.4.0.9",
            {"public_url": "https://b.example", "forwarded_allow_ips": "10.0.0.0/8"},
            "https 203.0.113.7",
        ),
        ("10.4.0.9", {"forwarded_allow_ips": "10.0.0.0/8"}, "http 10.4.0.9"),
    ],
)
def test_only_named_proxies_are_believed(
    tmp_path: Path, peer: str, settings: dict[str, str], expected: str
) -> None:
    assert seen(tmp_path, peer, **settings) == expected
