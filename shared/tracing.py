"""Spans, sent by OTLP/HTTP where `BRAMBLE_OTLP_ENDPOINT` names a collector. Without it nothing is imported and nothing is measured: each
function here returns at once, and `traceparent`s are only handed on, as they are with it.

A trace goes with the request that caused it: gateway → service (header `traceparent`) → outbox row → bus (the envelope's `traceparent`) →
consumer → what that emits. Consensus keeps the trace of an image's newest vote until the merge, which comes later, in the background.
Spans carry ids, counts and routes, never names, addresses or pixels. `OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS` and the other
variables of the OpenTelemetry SDK hold.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from shared import telemetry
from shared.errors import InvalidInput

_PARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
_tracer: Any = None
_provider: Any = None


def configure(endpoint: str, name: str) -> None:
    """Send this process's spans to `endpoint` (`http://collector:4318`) as the service `name`; "" leaves it off. Raises InvalidInput where
    the extra `otel` isn't installed. Called again it does nothing until `shutdown`."""
    global _tracer, _provider
    if not endpoint or _provider is not None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise InvalidInput(
            "BRAMBLE_OTLP_ENDPOINT needs the extra `otel`: pip install 'bramble[otel]'."
        ) from error
    url = endpoint.rstrip("/")
    exporter = OTLPSpanExporter(endpoint=url if url.endswith("/v1/traces") else f"{url}/v1/traces", timeout=5)
    _provider = TracerProvider(
        resource=Resource.create({"service.name": name, "service.namespace": "bramble"})
    )
    _provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    _tracer = _provider.get_tracer("bramble")


def shutdown() -> None:
    """Send what waits, and end."""
    global _tracer, _provider
    provider, _tracer, _provider = _provider, None, None
    if provider is not None:
        provider.shutdown()


def is_on() -> bool:
    """Whether spans are sent."""
    return _tracer is not None


class Span:
    """One span. `traceparent` is what its children are given."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, span: Any) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"

    def set(self, **attributes: Any) -> None:
        """Attributes; `_` stands for `.` (`http_route` is `http.route`), and `__` for `_`."""
        for key, value in attributes.items():
            self._span.set_attribute(key.replace("__", "~").replace("_", ".").replace("~", "_"), value)

    def rename(self, name: str) -> None:
        """A better name, known only later."""
        self._span.update_name(name)

    def end(self, error: str = "", at_ns: int | None = None) -> None:
        """It is over, now or at `at_ns`; `error`: why it failed, as a type's name or a status, never a message that may hold data."""
        if error:
            from opentelemetry.trace import Status, StatusCode

            self._span.set_status(Status(StatusCode.ERROR, error))
        self._span.end(end_time=at_ns)


def start(
    name: str, kind: str, traceparent: str = "", at_ns: int | None = None, **attributes: Any
) -> Span | None:
    """A span under `traceparent` ("": the first of a trace), begun now or at `at_ns`; None while tracing is off. `kind`: server, client,
    producer, consumer or internal. Whoever starts it ends it."""
    if _tracer is None:
        return None
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context

    context = Context()
    if found := _PARENT.match(traceparent):
        trace, parent, flags = (int(part, 16) for part in found.groups())
        above = SpanContext(trace, parent, is_remote=True, trace_flags=TraceFlags(flags))
        context = set_span_in_context(NonRecordingSpan(above), context)
    span = Span(_tracer.start_span(name, context, kind=SpanKind[kind.upper()], start_time=at_ns))
    span.set(**attributes)
    return span


@contextmanager
def within(name: str, kind: str = "internal", **attributes: Any) -> Iterator[Span | None]:
    """A span around a block, under the request's or message's at hand, whose context is this span's within the block."""
    if _tracer is None:
        yield None
        return
    context = telemetry.current_context()
    span = start(name, kind, context.traceparent, **attributes)
    assert span is not None
    try:
        with telemetry.use_context(context.correlation_id, span.traceparent):
            yield span
    except BaseException as error:
        span.end(type(error).__name__)
        raise
    span.end()


def record(name: str, traceparents: Iterable[str], began_ns: int, **attributes: Any) -> None:
    """A step that several traces shared, such as one transaction for many submissions: a span in each, from `began_ns` until now."""
    if _tracer is None:
        return
    now = time.time_ns()
    for traceparent in traceparents:
        span = start(name, "internal", traceparent, began_ns, **attributes)
        assert span is not None
        span.end(at_ns=now)
