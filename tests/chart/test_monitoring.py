"""Alerts, runbooks and dashboards speak of metrics that exist, and of each other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.chart.conftest import CHART, ROOT, render
from tests.servers.tools import output, promtool

ALERTS = yaml.safe_load((CHART / "alerts.yaml").read_text())["alerts"]
RUNBOOKS = ROOT / "docs" / "runbooks"
DASHBOARDS = sorted((CHART / "dashboards").glob("*.json"))
METRIC = re.compile(r"\bbramble_[a-z_]+\b")
SUFFIXES = ("_bucket", "_count", "_sum", "_created")


def metrics_of_the_code() -> set[str]:
    """Every name that the code gives to a Counter, Gauge or Histogram."""
    found: set[str] = set()
    for folder in ("services", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            if "node_modules" not in path.parts:
                found |= set(
                    re.findall(
                        r'(?:Counter|Gauge|Histogram|Summary)\(\s*"(bramble_[a-z_]+)"', path.read_text()
                    )
                )
    return found


def named(text: str) -> set[str]:
    """The metrics that a query or a file speaks of, without the suffixes that Prometheus adds."""
    names = set(METRIC.findall(text))
    return {re.sub(rf"({'|'.join(SUFFIXES)})$", "", name) for name in names}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda a: a["alert"])
def test_alert_has_a_runbook_that_helps(alert: dict[str, str]) -> None:
    text = (RUNBOOKS / f"{alert['alert']}.md").read_text()
    assert text.startswith(f"# {alert['alert']}\n")
    for heading in ("## What it means", "## Who notices", "## Find out", "## Mend", "## Afterwards"):
        assert heading in text
    assert alert["severity"] in ("page", "ticket")


def test_every_runbook_has_an_alert() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == {alert["alert"] for alert in ALERTS}


def test_alerts_speak_of_metrics_that_exist() -> None:
    assert named(" ".join(alert["expr"] for alert in ALERTS)) - metrics_of_the_code() == set()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda p: p.stem)
def test_dashboard_is_whole(path: Path) -> None:
    dashboard = json.loads(path.read_text())
    assert dashboard["uid"] == path.stem
    assert named(path.read_text()) - metrics_of_the_code() == set()
    assert all(panel["description"] for panel in dashboard["panels"])
    fired = {alert["alert"] for alert in ALERTS}
    assert set(re.findall(r"Bramble[A-Z]\w+", path.read_text())) <= fired


def test_alerts_link_to_their_runbooks() -> None:
    (rule,) = [d for d in render("all-options") if d["kind"] == "PrometheusRule"]
    for alert in rule["spec"]["groups"][0]["rules"]:
        assert alert["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{alert['alert']}.md")
        assert "$maxQueueSeconds" not in alert["expr"]


def test_promtool_accepts_the_rules(tmp_path: Path) -> None:
    (rule,) = [d for d in render("all-options") if d["kind"] == "PrometheusRule"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": rule["spec"]["groups"]}))
    done = output(promtool(), "check", "rules", tmp_path / "rules.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout


def test_alerts_fire_and_stay_silent(tmp_path: Path) -> None:
    """promtool plays minutes of metrics against the rules: a calm installation pages nobody, a broken one
    does."""
    (rule,) = [d for d in render("all-options") if d["kind"] == "PrometheusRule"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": rule["spec"]["groups"]}))
    labels = 'namespace="lab"'
    calm = {
        f'bramble_outbox_oldest_seconds{{{labels},service="images"}}': "0x60",
        f'bramble_consumer_lag{{{labels},consumer="consensus"}}': "5x60",
        f'bramble_dead_letters_total{{{labels},consumer="consensus"}}': "1x60",
        f"bramble_annotations_overshoot_total{{{labels}}}": "0x60",
        f'up{{{labels},service="demo-bramble-images"}}': "1x60",
        f'bramble_http_request_seconds_count{{{labels},service="images",status="2xx"}}': "0+600x60",
    }
    broken = {
        f'bramble_outbox_oldest_seconds{{{labels},service="images"}}': "0+10x60",
        f'bramble_consumer_lag{{{labels},consumer="consensus"}}': "5000x60",
        f'bramble_dead_letters_total{{{labels},consumer="consensus"}}': "0x20 1x40",
        f"bramble_annotations_overshoot_total{{{labels}}}": "0x20 1x40",
        f'up{{{labels},service="demo-bramble-images"}}': "0x60",
        f'bramble_http_request_seconds_count{{{labels},service="images",status="2xx"}}': "0+600x60",
        f'bramble_http_request_seconds_count{{{labels},service="images",status="5xx"}}': "0+60x60",
    }
    expected = {
        "BrambleOutboxStuck": {"service": "images"},
        "BrambleConsumerLag": {"consumer": "consensus"},
        "BrambleDeadLetters": {"consumer": "consensus"},
        "BrambleLeaseOvershoot": {},
        "BrambleServiceDown": {"service": "demo-bramble-images"},
        "BrambleErrors": {"service": "images"},
    }
    severity = {alert["alert"]: alert["severity"] for alert in ALERTS}

    def case(series: dict[str, str], fires: bool) -> dict[str, object]:
        checks = []
        for name, extra in expected.items():
            wanted = (
                [{"exp_labels": {"namespace": "lab", "severity": severity[name], **extra}}] if fires else []
            )
            checks.append({"eval_time": "25m", "alertname": name, "exp_alerts": wanted})
        inputs = [{"series": name, "values": values} for name, values in series.items()]
        return {"interval": "1m", "input_series": inputs, "alert_rule_test": checks}

    # Annotations are part of what promtool compares; they are tested above, so the rules are played without
    # them.
    bare = [
        {k: v for k, v in one.items() if k != "annotations"} for one in rule["spec"]["groups"][0]["rules"]
    ]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "bramble", "rules": bare}]}))
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [case(calm, False), case(broken, True)],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    done = output(promtool(), "test", "rules", tmp_path / "test.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
