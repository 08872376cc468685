"""Bytes out: validators, immutable caching, single ranges (RFC 9110 §13, §14)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi import Response
from fastapi.responses import StreamingResponse

from shared.blobs import BlobStore

# What an address of an image answers never changes, but only who may see it may keep it.
IMMUTABLE = "private, max-age=31536000, immutable"
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def headers_of(etag: str) -> dict[str, str]:
    """Headers of an immutable answer. The bytes are a user's, so no browser may guess a type for them."""
    return {"ETag": f'"{etag}"', "Cache-Control": IMMUTABLE, "X-Content-Type-Options": "nosniff"}


def is_fresh(if_none_match: str | None, etag: str) -> bool:
    """Whether the client's copy is the same."""
    if not if_none_match:
        return False
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags


def not_modified(etag: str) -> Response:
    """304 with the validators."""
    return Response(status_code=304, headers=headers_of(etag))


def whole(data: bytes, media_type: str, etag: str) -> Response:
    """A small answer in one piece."""
    return Response(data, media_type=media_type, headers=headers_of(etag))


def streamed(
    blobs: BlobStore, key: str, size: int, media_type: str, etag: str, range_header: str | None, filename: str
) -> Response:
    """A blob as a stream: all of it, or the one range asked for (206; 416 when it lies outside)."""
    headers = headers_of(etag) | {
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{filename}"',
    }
    wanted = parse_range(range_header, size)
    if wanted is None:
        headers["Content-Length"] = str(size)
        return StreamingResponse(blobs.iter(key), media_type=media_type, headers=headers)
    start, stop = wanted
    if start >= stop:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    headers |= {"Content-Length": str(stop - start), "Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    pieces: Iterator[bytes] = blobs.iter(key, offset=start, length=stop - start)
    return StreamingResponse(pieces, status_code=206, media_type=media_type, headers=headers)


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """``(start, stop)`` of a single byte range, empty when it lies outside; None: no range, or one that isn't understood, so
    that all is answered (RFC 9110 §14.2)."""
    match = _RANGE.match(header.strip()) if header else None
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size if int(match[2]) else 0
    start = int(match[1])
    stop = min(int(match[2]) + 1, size) if match[2] else size
    if match[2] and int(match[2]) < start:
        return None
    return (start, stop) if start < size else (size, size)
