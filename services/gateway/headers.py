"""Security headers, prebuilt as raw ASGI pairs."""

from __future__ import annotations

# Scripts only from our own files; WebAssembly for ONNX Runtime Web; workers from blobs, because the bundler makes them so.
# Nothing inline, so an injected tag does nothing.
PAGE_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self' blob:",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# An API answer is never a page: should a browser be made to show one (an uploaded file, say), nothing in it runs.
API_CSP = "default-src 'none'; frame-ancestors 'none'; sandbox"

_COMMON: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
# Opener and embedder policy make the page cross-origin isolated, which WebAssembly threads ask for (SharedArrayBuffer).
_ISOLATED: tuple[tuple[bytes, bytes], ...] = (
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
)
_HSTS: tuple[tuple[bytes, bytes], ...] = ((b"strict-transport-security", b"max-age=31536000"),)


def page_headers(*, https: bool) -> list[tuple[bytes, bytes]]:
    """For the web client's files."""
    csp = (b"content-security-policy", PAGE_CSP.encode())
    return [*_COMMON, *_ISOLATED, csp, *(_HSTS if https else ())]


def api_headers(*, https: bool) -> list[tuple[bytes, bytes]]:
    """For everything under /api."""
    return [*_COMMON, *_ISOLATED, (b"content-security-policy", API_CSP.encode()), *(_HSTS if https else ())]
