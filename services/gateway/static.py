"""The built web client: an index of the files made at start, so that a path is looked up and never put together.

Files under /assets carry a hash in their name and are immutable; everything else is revalidated by ETag. A path without a file ending
is a page of the client and gets index.html. Text is sent compressed from memory: as `<file>.br` where the build left one and the client
takes it, else as gzip. Large files (models) are streamed from disk, as `<file>.br` or `<file>.gz` on the same terms.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from services.gateway.headers import page_headers

_TEXT = (
    "text/",
    "application/javascript",
    "application/json",
    "image/svg+xml",
    "application/wasm",
    "application/manifest+json",
)
_IN_MEMORY = 4 << 20
_CHUNK = 1 << 18
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
_UNBUILT = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Bramble</title>
<h1>Bramble is running; its web client isn't built</h1>
<p>Build it once with <code>make web</code> (in <code>services/web</code>: <code>npm ci</code>, <code>npm run build</code>) and reload
this page. It needs Node.js. The API works without it: see <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p></html>
"""


@dataclass(slots=True)
class _File:
    path: Path
    media_type: str
    size: int
    mtime_ns: int
    etag: str = ""
    body: bytes | None = None
    packed: bytes | None = field(default=None, repr=False)
    brotli: bytes | None = field(default=None, repr=False)

    @property
    def is_text(self) -> bool:
        return self.media_type.startswith(_TEXT)


class Pages:
    """ASGI app for everything outside of /api. `dist` is the folder of the built client; without it every page says how to build it."""

    def __init__(self, dist: Path, *, https: bool = False) -> None:
        self._dist = dist.resolve()
        self._headers = page_headers(https=https)
        self._files: dict[str, _File] = {}
        self._stamp = -1
        self.refresh()

    def refresh(self) -> None:
        """Index the folder again when its index.html has changed: a build replaces the files under a running server."""
        index = self._dist / "index.html"
        stamp = index.stat().st_mtime_ns if index.is_file() else 0
        if stamp != self._stamp:
            self._files = {f"/{name}": file for name, file in _walk(self._dist)}
            self._stamp = stamp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await self._send(
                scope,
                send,
                405,
                "text/plain; charset=utf-8",
                b"This address takes GET.\n",
                [(b"allow", b"GET, HEAD")],
            )
            return
        path: str = scope["path"]
        file = self._files.get(path)
        is_page = file is None and "." not in path.rsplit("/", 1)[-1]
        if is_page or path == "/index.html":
            await run_in_threadpool(self.refresh)
            file = self._files.get("/index.html")
            if file is None:
                await self._send(
                    scope, send, 200, "text/html; charset=utf-8", _UNBUILT, [(b"cache-control", b"no-store")]
                )
                return
        if file is None:
            await self._send(scope, send, 404, "text/plain; charset=utf-8", b"There is no such file.\n", [])
            return
        try:
            await run_in_threadpool(_load, file)
        except OSError:
            await run_in_threadpool(self.refresh)
            await self._send(scope, send, 404, "text/plain; charset=utf-8", b"There is no such file.\n", [])
            return
        await self._send_file(scope, send, file, immutable=path.startswith("/assets/"))

    async def _send_file(self, scope: Scope, send: Send, file: _File, *, immutable: bool) -> None:
        cache = b"public, max-age=31536000, immutable" if immutable else b"no-cache"
        headers = [(b"cache-control", cache), (b"etag", file.etag.encode()), (b"vary", b"accept-encoding")]
        asked = dict(scope["headers"])
        if _matches(asked.get(b"if-none-match", b""), file.etag):
            await self._send(scope, send, 304, "", b"", headers)
            return
        media_type = (
            f"{file.media_type}; charset=utf-8" if file.media_type.startswith("text/") else file.media_type
        )
        takes = _codings(asked.get(b"accept-encoding", b""))
        body = file.body
        if body is None:
            headers.append((b"content-type", media_type.encode()))
            path, size = file.path, file.size
            for coding, ending in ((b"br", "br"), (b"gzip", "gz")):
                packed = self._files.get(f"{scope['path']}.{ending}")
                if coding in takes and packed is not None:
                    path, size = packed.path, packed.size
                    headers.append((b"content-encoding", coding))
                    break
            await self._stream(scope, send, path, size, headers)
            return
        for coding, smaller in ((b"br", file.brotli), (b"gzip", file.packed)):
            if coding in takes and smaller is not None:
                body = smaller
                headers.append((b"content-encoding", coding))
                break
        await self._send(scope, send, 200, media_type, body, headers)

    async def _send(
        self,
        scope: Scope,
        send: Send,
        status: int,
        media_type: str,
        body: bytes,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        extra = [(b"content-type", media_type.encode())] if media_type else []
        if status != 304:
            extra.append((b"content-length", str(len(body)).encode()))
        await send(
            {"type": "http.response.start", "status": status, "headers": [*headers, *extra, *self._headers]}
        )
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _stream(
        self, scope: Scope, send: Send, path: Path, size: int, headers: list[tuple[bytes, bytes]]
    ) -> None:
        length = (b"content-length", str(size).encode())
        await send(
            {"type": "http.response.start", "status": 200, "headers": [*headers, length, *self._headers]}
        )
        if scope["method"] == "GET":
            with path.open("rb") as handle:
                while chunk := await run_in_threadpool(handle.read, _CHUNK):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _walk(dist: Path) -> Iterator[tuple[str, _File]]:
    if not (dist / "index.html").is_file():
        return
    for path in sorted(dist.rglob("*")):
        # A link out of the folder would publish whatever it points to.
        if not path.is_file() or not path.resolve().is_relative_to(dist):
            continue
        stat = path.stat()
        media_type = (
            _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        )
        yield path.relative_to(dist).as_posix(), _File(path, media_type, stat.st_size, stat.st_mtime_ns)


def _load(file: _File) -> None:
    stat = file.path.stat()
    if file.etag and stat.st_mtime_ns == file.mtime_ns:
        return
    file.size, file.mtime_ns = stat.st_size, stat.st_mtime_ns
    if file.size <= _IN_MEMORY:
        body = file.path.read_bytes()
        file.body, file.size = body, len(body)
        digest = hashlib.sha256(body).hexdigest()
        packed = gzip.compress(body, 6, mtime=0) if file.is_text and len(body) > 500 else None
        file.packed = packed if packed and len(packed) < len(body) else None
        beside = file.path.with_name(f"{file.path.name}.br")
        brotli = beside.read_bytes() if beside.is_file() else None
        file.brotli = brotli if brotli and len(brotli) < len(body) else None
    else:
        with file.path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        file.body = file.packed = file.brotli = None
    # Weak, because the same tag stands for the plain and the packed bytes.
    file.etag = f'W/"{digest[:32]}"'


def _codings(header: bytes) -> set[bytes]:
    """What the client takes of `Accept-Encoding`; what it weighs with 0 it refuses."""
    parts = [part.strip().lower().replace(b" ", b"") for part in header.split(b",")]
    return {part.partition(b";")[0] for part in parts if not re.search(rb";q=0(\.0*)?$", part)}


def _matches(header: bytes, etag: str) -> bool:
    tags = [t.strip().removeprefix("W/") for t in header.decode("latin-1").split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags
