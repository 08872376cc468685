"""Logs, metrics and correlation. Metrics are listed in docs/metrics.md, which a test compares with the registry."""

from __future__ import annotations

import contextvars
import json
import logging
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import Counter, Gauge, Histogram

OUTBOX_AGE = Gauge(
    "bramble_outbox_oldest_seconds", "Age of the oldest event that isn't published yet.", ["service"]
)
EVENTS_PUBLISHED = Counter("bramble_events_published_total", "Events handed to the bus.", ["service"])
EVENTS_CONSUMED = Counter(
    "bramble_events_consumed_total", "Events by outcome: applied, duplicate, dead.", ["consumer", "outcome"]
)
EVENT_RETRIES = Counter(
    "bramble_event_retries_total", "Tries of an event that failed and will be repeated.", ["consumer"]
)
DEAD_LETTERS = Counter("bramble_dead_letters_total", "Events that no retry can help.", ["consumer"])
CONSUMER_LAG = Gauge(
    "bramble_consumer_lag", "Events that this member of a consumer group has still to apply.", ["consumer"]
)
CONSUMER_DELAY = Histogram(
    "bramble_event_delay_seconds",
    "From an event's commit to its effect's commit.",
    ["consumer", "type"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
HTTP_SECONDS = Histogram(
    "bramble_http_request_seconds",
    "HTTP requests by service, method and status class.",
    ["service", "method", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)


@dataclass(frozen=True, slots=True)
class Context:
    """What ties a log line, an event and a request together."""

    correlation_id: str = ""
    traceparent: str = ""


_context: contextvars.ContextVar[Context] = contextvars.ContextVar("bramble_context", default=Context())


def current_context() -> Context:
    """The context of the request or message at hand; empty outside of one."""
    return _context.get()


@contextmanager
def use_context(correlation_id: str, traceparent: str = "") -> Iterator[Context]:
    """Bind a context for the block."""
    context = Context(correlation_id, traceparent or new_traceparent())
    token = _context.set(context)
    try:
        yield context
    finally:
        _context.reset(token)


def set_context(correlation_id: str, traceparent: str = "") -> contextvars.Token[Context]:
    """As `use_context`, for middleware that can't use a block."""
    return _context.set(Context(correlation_id, traceparent or new_traceparent()))


def reset_context(token: contextvars.Token[Context]) -> None:
    """Undo `set_context`."""
    _context.reset(token)


def new_traceparent() -> str:
    """A W3C Trace Context header with fresh ids, sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


class JsonFormatter(logging.Formatter):
    """One JSON object a line. Messages carry ids, never names, addresses or pixels."""

    def format(self, record: logging.LogRecord) -> str:
        context = current_context()
        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if context.correlation_id:
            line["correlation_id"] = context.correlation_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(level: str = "INFO", fmt: str = "json") -> None:
    """Send all logs to standard error, as JSON lines or text."""
    import time

    handler = logging.StreamHandler(sys.stderr)
    if fmt == "json":
        formatter: logging.Formatter = JsonFormatter()
    else:
        formatter = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in (
        "httpx",
        "httpcore",
        "uvicorn.access",
        "multipart",
        "python_multipart",
        "PIL",
        "alembic.runtime.migration",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # While a broker is away, kafka-python warns several times a second; our relay and runners say it once a try.
    logging.getLogger("kafka").setLevel(logging.ERROR)
