"""One trace from upload to consensus in the embedded form; `tests/integration/distributed` has it over Kafka."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.cli.demo.platform import make_accounts
from shared import telemetry, tracing
from tests.collector import Collector
from tests.e2e.conftest import LAB, ROOT, Up
from tests.tracing import check, drive


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def client(base: str, route: str, body: dict[str, object]) -> httpx.Client:
    made = httpx.Client(base_url=f"{base}/api/v1", timeout=60)
    me = made.post(route, json=body).raise_for_status().json()
    made.headers["X-CSRF-Token"] = me["csrf_token"]
    return made


def test_one_trace_leads_from_upload_to_consensus(tmp_path: Path, collector: Collector) -> None:
    up = Up(tmp_path)
    try:
        up.start(BRAMBLE_OTLP_ENDPOINT=collector.url)
        make_accounts(tmp_path)
        lab = client(up.url, "/auth/login", {"email": LAB[0], "password": LAB[1]})
        version = httpx.get(f"{up.url}/api/v1/consent").json()["version"]
        volunteer = client(up.url, "/auth/guest", {"consent_version": version})
        spans = check(collector, *drive(lab, volunteer))
        assert {span.service for span in spans} == {"bramble"}
    finally:
        up.stop()


def test_what_waits_is_sent_when_a_process_ends(collector: Collector) -> None:
    tracing.configure(collector.url + "/", "test")
    try:
        with telemetry.use_context("c"), tracing.within("outer") as outer:
            with pytest.raises(ValueError, match="private"), tracing.within("inner"):
                raise ValueError("private words")
            assert outer is not None
            trace = outer.traceparent.split("-")[1]
    finally:
        tracing.shutdown()
    spans = {span.name: span for span in collector.of(trace)}
    assert spans["inner"].parent == spans["outer"].id
    assert (spans["inner"].failed, spans["outer"].failed) == (True, False)
    assert "private" not in str(spans["inner"])
    assert not tracing.is_on()


def test_a_collector_that_is_away_holds_nothing_up(tmp_path: Path) -> None:
    tracing.configure("http://127.0.0.1:9", "test")
    try:
        for _ in range(5000):
            span = tracing.start("many", "internal")
            assert span is not None
            span.end()
    finally:
        tracing.shutdown()


def test_a_sampled_out_trace_stays_out(collector: Collector) -> None:
    tracing.configure(collector.url, "test")
    try:
        parent = f"00-{'ab' * 16}-{'cd' * 8}-00"
        span = tracing.start("unwanted", "server", parent)
        assert span is not None
        assert span.traceparent.startswith(parent[:35])
        assert span.traceparent.endswith("-00")
        span.end()
    finally:
        tracing.shutdown()
    assert collector.count == 0


def test_without_a_collector_nothing_is_imported() -> None:
    code = (
        "import sys; from shared import tracing; from services.allinone.compose import Platform; from shared.settings import Settings\n"
        "tracing.configure('', 'x'); assert tracing.start('a', 'server') is None\n"
        "assert not [m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'opentelemetry.exp'))], 'costs a start its imports'"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
