"""Write docs/settings.md and docs/metrics.md from the code, so that neither can fall behind; a test compares.

python tools/make_reference.py [--check]
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from shared.settings import SERVICES, Settings

ROOT = Path(__file__).resolve().parent.parent


def settings_page() -> str:
    """A row for each setting."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable. Made from `shared/settings.py` by `python tools/make_reference.py`.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "" if default in ("", None) else f"`{default}`"
        lines.append(f"| `BRAMBLE_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """A row for each metric of every service."""
    for service in SERVICES:
        package = importlib.import_module(f"services.{service}")
        for module in pkgutil.iter_modules(package.__path__):
            # Workers import torch; their metrics are declared in modules that the service shares.
            if module.name not in ("worker", "training", "models", "offline", "weights", "study"):
                importlib.import_module(f"services.{service}.{module.name}")
    importlib.import_module("shared.telemetry")
    rows: dict[str, MetricWrapperBase] = {}
    for collector in list(REGISTRY._collector_to_names):
        if isinstance(collector, MetricWrapperBase) and collector._name.startswith("bramble_"):
            rows[collector._name] = collector
    lines = [
        "# Metrics",
        "",
        "`GET /metrics` of every service, Prometheus text format. Made from the code by `python tools/make_reference.py`.",
        "",
        "| metric | type | labels | meaning |",
        "|---|---|---|---|",
    ]
    for name, metric in sorted(rows.items()):
        suffix = "_total" if metric._type == "counter" else ""
        labels = ", ".join(f"`{label}`" for label in metric._labelnames) or "–"
        lines.append(f"| `{name}{suffix}` | {metric._type} | {labels} | {metric._documentation} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 when a page differs from the code")
    check = parser.parse_args().check
    stale = []
    for name, text in (("settings.md", settings_page()), ("metrics.md", metrics_page())):
        path = ROOT / "docs" / name
        if check:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
    if stale:
        sys.stderr.write(
            f"docs/{', docs/'.join(stale)} differ from the code; run python tools/make_reference.py\n"
        )
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
