"""An OTLP/HTTP collector of the tests' own: it keeps what spans it is sent."""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Kept:
    """One span as it came; `kind` by its OTLP name without the prefix."""

    trace: str
    id: str
    parent: str
    name: str
    kind: str
    service: str
    attributes: dict[str, Any]
    failed: bool
    began_ns: int
    ended_ns: int


class Collector:
    """Listens on the loopback until `close`."""

    def __init__(self) -> None:
        self._spans: list[Kept] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def of(self, trace: str) -> list[Kept]:
        """The spans of a trace (32 hexadecimal digits) that came so far."""
        with self._lock:
            return [span for span in self._spans if span.trace == trace]

    @property
    def count(self) -> int:
        """Spans of all traces."""
        return len(self._spans)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        keep = self._keep

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                known = self.path == "/v1/traces"
                if known:
                    keep(body)
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def _keep(self, body: bytes) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

        request = ExportTraceServiceRequest.FromString(body)
        found = []
        for resource in request.resource_spans:
            service = _values(resource.resource.attributes)["service.name"]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    kind = Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower()
                    ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
                    failed = span.status.code == Status.STATUS_CODE_ERROR
                    times = span.start_time_unix_nano, span.end_time_unix_nano
                    found.append(
                        Kept(*ids, span.name, kind, service, _values(span.attributes), failed, *times)
                    )
        with self._lock:
            self._spans += found


def _values(attributes: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}
