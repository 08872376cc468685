"""The web client's files."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import httpx
import pytest

from tests.integration.gateway.conftest import Gate, build_gate, close_gate, make_service


@pytest.fixture
async def site(tmp_path: Path):
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>Bramble</title>" + " " * 600)
    (dist / "assets" / "app-1a2b3c.js").write_text("console.log(1)\n" * 100)
    (dist / "assets" / "model-9f.onnx").write_bytes(os.urandom(5 << 20))
    (dist / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    (dist / "link.txt").symlink_to(tmp_path / "secret.txt")
    service = make_service(tmp_path / "s")
    gate = build_gate(tmp_path / "g", service, service, web_dist=dist)
    yield gate, dist
    await close_gate(gate)


async def test_caching(site: tuple[Gate, Path]) -> None:
    client = site[0].client()
    asset = await client.get("/assets/app-1a2b3c.js")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"].startswith("text/javascript")
    assert asset.headers["content-encoding"] == "gzip"
    assert asset.text == "console.log(1)\n" * 100
    plain = await client.get("/assets/app-1a2b3c.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(plain.content) == int(plain.headers["content-length"]) > int(asset.headers["content-length"])
    page = await client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    again = await client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    head = await client.head("/")
    assert head.status_code == 200
    assert head.content == b""


async def test_policy_allows_wasm_threads_and_nothing_inline(site: tuple[Gate, Path]) -> None:
    headers = (await site[0].client().get("/")).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["worker-src"] == "'self' blob:"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["x-content-type-options"] == "nosniff"


async def test_pages_of_the_client_fall_back_to_the_index(site: tuple[Gate, Path]) -> None:
    client = site[0].client()
    for path in ("/", "/projects/abc/label", "/lab/projects/019a", "/index.html"):
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert "<title>Bramble</title>" in answer.text
    assert (await client.get("/assets/gone.js")).status_code == 404
    assert (await client.post("/projects/abc/label")).status_code == 405


async def test_large_file_is_streamed(site: tuple[Gate, Path]) -> None:
    gate, dist = site
    answer = await gate.client().get("/assets/model-9f.onnx")
    assert answer.content == (dist / "assets" / "model-9f.onnx").read_bytes()


async def test_large_webassembly_is_sent_as_the_build_packed_it(site: tuple[Gate, Path]) -> None:
    gate, dist = site
    binary = bytes(5 << 20)
    (dist / "assets" / "ort-1a.wasm").write_bytes(binary)
    (dist / "assets" / "ort-1a.wasm.gz").write_bytes(gzip.compress(binary))
    (dist / "index.html").write_text("<!doctype html><title>a new build</title>")
    await gate.client().get("/")
    answer = await gate.client().get("/assets/ort-1a.wasm")
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 50_000
    assert answer.headers["content-type"] == "application/wasm"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == binary
    plain = await gate.client().get("/assets/ort-1a.wasm", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == binary


async def test_what_the_build_packed_as_brotli_goes_to_those_who_take_it(site: tuple[Gate, Path]) -> None:
    gate, dist = site
    # Nothing here unpacks Brotli: what counts is which bytes are sent, and under which name.
    packed, large = b"packed script", b"packed binary"
    (dist / "assets" / "app-1a2b3c.js.br").write_bytes(packed)
    (dist / "assets" / "ort-1a.wasm").write_bytes(bytes(5 << 20))
    (dist / "assets" / "ort-1a.wasm.br").write_bytes(large)
    (dist / "index.html").write_text("<!doctype html><title>a new build</title>")
    client = gate.client()
    await client.get("/")
    for name, sent in (("app-1a2b3c.js", packed), ("ort-1a.wasm", large)):
        async with client.stream(
            "GET", f"/assets/{name}", headers={"Accept-Encoding": "gzip, deflate, br"}
        ) as answer:
            assert answer.headers["content-encoding"] == "br"
            assert answer.headers["vary"] == "accept-encoding"
            assert b"".join([part async for part in answer.aiter_raw()]) == sent
        refused = await client.get(f"/assets/{name}", headers={"Accept-Encoding": "br;q=0, identity"})
        assert "content-encoding" not in refused.headers


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "//etc/passwd.txt",
        "/link.txt",
        "/assets/%00.js",
        "/assets\\..\\..\\secret.txt",
    ],
)
async def test_nothing_outside_of_the_folder(site: tuple[Gate, Path], path: str) -> None:
    client = site[0].client()
    request = client.build_request("GET", "http://bramble.test/")
    request.url = httpx.URL("http://bramble.test").copy_with(raw_path=path.encode())
    answer = await client.send(request)
    assert "secret" not in answer.text or answer.status_code == 404
    assert answer.status_code == 404


async def test_a_new_build_is_served_without_a_restart(site: tuple[Gate, Path]) -> None:
    gate, dist = site
    client = gate.client()
    await client.get("/")
    (dist / "assets" / "app-2.js").write_text("2")
    (dist / "index.html").write_text("<title>Second</title>")
    os.utime(dist / "index.html", ns=(1, 2_000_000_000_000_000_000))
    assert "Second" in (await client.get("/")).text
    assert (await client.get("/assets/app-2.js")).text == "2"


async def test_without_a_build_the_page_says_how(tmp_path: Path) -> None:
    service = make_service(tmp_path / "s")
    gate = build_gate(tmp_path / "g", service, service, web_dist=tmp_path / "none")
    answer = await gate.client().get("/")
    assert answer.status_code == 200
    assert "make web" in answer.text
    await close_gate(gate)
