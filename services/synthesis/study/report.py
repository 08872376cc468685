"""The study's report: one HTML file with figures drawn as SVG, and its tables as CSV."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.synthesis.domain.params import ARMS
from services.synthesis.study import curves
from services.synthesis.study.analysis import SEED_CLAIM, SEED_CONSENSUS, Comparison, Outcome
from services.synthesis.study.runner import MEASURES

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1c1c22;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d8d8de}td.n,th.n{text-align:right}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}.dim{color:#5b5b66}.box{background:#f4f3f8;padding:.8rem 1rem;border-radius:8px}
svg{max-width:100%;height:auto}@media print{body{margin:0;max-width:none;font-size:10.5px}h1{font-size:1.5rem}
h2{break-after:avoid}tr,svg,li{break-inside:avoid}thead{display:table-header-group}td.n{white-space:nowrap}}
"""


_HEADS = {
    "dice": "Dice",
    "iou": "IoU",
    "hd95": "HD95 (pixels)",
    "presence": "accuracy of presence",
}


def to_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as CSV text; "" for none."""
    if not rows:
        return ""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def write(outcome: Outcome, folder: Path) -> Path:
    """Write report.html, comparisons.csv, arms.csv, worth.csv and scores.csv; the path of the report."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "comparisons.csv").write_text(to_csv([c.row() for c in outcome.comparisons]))
    (folder / "arms.csv").write_text(to_csv(outcome.means))
    (folder / "worth.csv").write_text(to_csv(outcome.worth))
    (folder / "scores.csv").write_text(to_csv(outcome.per_image))
    path = folder / "report.html"
    path.write_text(render(outcome), encoding="utf-8")
    return path


def render(outcome: Outcome) -> str:
    """The report as one HTML page without any outside resource."""
    facts, params = outcome.facts, outcome.facts["params"]
    parts = [
        f"<h1>What each part of the dataset is worth: {_text(facts['name'])}</h1>",
        f"<p>{facts['images']} images in {facts['groups']} groups (patients or volumes), {facts['expert']} with an expert's masks, "
        f"{facts['classes']} class{'es' if facts['classes'] != 1 else ''}. {params['folds']} folds by group, {params['seeds']} seeds, "
        f"{params['steps']} optimiser steps for every arm but fewer_steps, {params['size']} x {params['size']} pixels, seed "
        f"{params['seed']}. Each image is tested once a seed, by a model that saw nothing of its group; generators saw training folds "
        "only.</p>",
        _crowd(facts),
    ]
    for base in params["base_images"]:
        parts.append(_size(outcome, base))
        parts.append(curves.section(outcome, base))
    if len(params["base_images"]) > 1:
        parts.append(curves.by_size(outcome))
    parts.append("<h2>Arms</h2><table><tr><th>Arm</th><th>Trained on</th></tr>")
    used = {row["arm"].partition("@")[0] for row in outcome.means}
    parts += [f"<tr><td>{arm}</td><td>{_text(what)}</td></tr>" for arm, what in ARMS.items() if arm in used]
    parts.append("</table>")
    parts.append(_synthetic(facts.get("synthetic") or []))
    if outcome.notes:
        parts.append(
            "<h2>What is missing</h2><ul>" + "".join(f"<li>{_text(n)}</li>" for n in outcome.notes) + "</ul>"
        )
    parts.append(
        "<h2>How to read this</h2><p>Intervals are 95 % percentile intervals of a paired bootstrap over seeds and groups; p-values are "
        "corrected by Holm for the arms of one size. Seeds cover the luck of training, not of choosing the base images: these are the same "
        "in all arms of a fold. A gain above published ones (mostly 0 to 8 %) is a reason to look for a weak baseline first; base has the "
        "same number of steps as every other arm, and fewer_steps shows what an unequal number would have made of it.</p>"
    )
    title = f"Study: {_text(facts['name'])}"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
    return f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{"".join(parts)}</body></html>'


def _synthetic(sifted: Sequence[dict[str, Any]]) -> str:
    """How many synthetic images each fold's generator drew, and what the filters made of them; "" where no arm has any."""
    if not sifted:
        return ""
    rows = "".join(
        f"<tr><td class=n>{c['base']}</td><td class=n>{c['fold'] + 1}</td><td class=n>{c['drawn']}</td><td class=n>{c['kept']}</td>"
        f"<td>{_text(', '.join(f'{n} {word}' for word, n in c['reasons'].items())) or '–'}</td></tr>"
        for c in sifted
    )
    return (
        "<h2>Synthetic images</h2><p>Each fold's generator saw base and crowd of its training folds. Its samples pass the same filters as "
        "those of a dataset; only what was kept is trained on.</p><table><tr><th class=n>Base</th><th class=n>Fold</th>"
        f"<th class=n>Drawn</th><th class=n>Kept</th><th>Refused</th></tr>{rows}</table>"
    )


def _crowd(facts: dict[str, Any]) -> str:
    if facts["crowd_kind"] == "none":
        return "<p>There are no volunteers' masks in this data.</p>"
    kind = "real volunteers" if facts["crowd_kind"] == "real" else "<strong>simulated</strong> volunteers"
    if facts["crowd_dice"] is None:
        return f"<p>Crowd: {kind}; no image has both a consensus and an expert's mask, so their agreement can't be told.</p>"
    return (
        f"<p>Crowd: {kind}. Consensus against the expert: Dice {100 * facts['crowd_dice']:.1f} % "
        f"(the seed project reported a similarity of {SEED_CONSENSUS} %).</p>"
    )


def _size(outcome: Outcome, base: int) -> str:
    dice = [c for c in outcome.comparisons if c.base == base and c.measure == "dice"]
    rows = [r for r in outcome.means if r["base"] == base]
    out = [f"<h2>{base} labelled images to begin with</h2>", _statement(dice)]
    out.append(_forest([c for c in dice if c.baseline == "base"], base))
    out.append(
        "<table><thead><tr><th>Arm</th><th class=n>Images</th>"
        + "".join(f"<th class=n>{_HEADS[m]}</th>" for m in MEASURES)
        + "</tr></thead>"
    )
    for row in (r for r in rows if "@" not in r["arm"]):
        cells = "".join(f"<td class=n>{row[m]:.3f}</td>" for m in MEASURES)
        out.append(f"<tr><td>{row['arm']}</td><td class=n>{row['training_images']}</td>{cells}</tr>")
    out.append(
        "</table><table><thead><tr><th>Dice of</th><th>against</th><th class=n>difference (95 %)</th><th class=n>relative</th>"
    )
    out.append("<th class=n>p, Holm</th><th>verdict</th></tr></thead>")
    for c in dice:
        d = c.difference
        out.append(
            f"<tr><td>{c.arm}</td><td>{c.baseline}</td><td class=n>{d.mean:+.3f} ({d.low:+.3f} to {d.high:+.3f})</td>"
            f"<td class=n>{100 * d.relative:+.1f} % ({100 * d.relative_low:+.1f} to {100 * d.relative_high:+.1f})</td>"
            f"<td class=n>{c.p_holm:.3f}</td><td>{c.verdict}</td></tr>"
        )
    out.append("</table>")
    return "".join(out)


def _statement(dice: list[Comparison]) -> str:
    by = {(c.arm, c.baseline): c for c in dice}
    lines = []
    whole = by.get(("enhanced", "base")) or by.get(("crowd_synthetic", "base")) or by.get(("crowd", "base"))
    if whole is not None:
        d = whole.difference
        lines.append(
            f"The full set ({whole.arm}) against base: {100 * d.relative:+.1f} % relative Dice (95 %: {100 * d.relative_low:+.1f} to "
            f"{100 * d.relative_high:+.1f}). The seed project claimed +{SEED_CLAIM} % accuracy, without an interval."
        )
    for names, what in (
        (("crowd", "base"), "The crowd's part"),
        (("crowd_synthetic", "crowd"), "The generator's part, on top of the crowd"),
        (
            ("enhanced", "crowd_augmented"),
            "The generator's part, on top of the crowd with classical augmentation",
        ),
    ):
        if names in by:
            c = by[names]
            d = c.difference
            lines.append(
                f"{what}: {100 * d.relative:+.1f} % ({100 * d.relative_low:+.1f} to {100 * d.relative_high:+.1f}), {c.verdict}."
            )
    weak = by.get(("fewer_steps", "base"))
    if weak is not None:
        lines.append(
            f"A baseline at equal epochs would have scored {weak.value:.3f} instead of {weak.baseline_value:.3f}."
        )
    return '<div class="box">' + "<br>".join(_text(line) for line in lines) + "</div>" if lines else ""


def _forest(rows: list[Comparison], base: int) -> str:
    """Differences to base with their intervals; said in words for those who don't see it."""
    if not rows:
        return ""
    low = min(0.0, *(c.difference.low for c in rows))
    high = max(0.0, *(c.difference.high for c in rows))
    width, left, step = 720, 170, 30
    span = (high - low) or 1.0

    def x(value: float) -> float:
        return left + (value - low) / span * (width - left - 70)

    body = [
        f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="8" y2="{step * len(rows) + 8}" stroke="#5b5b66" stroke-dasharray="3 3"/>'
    ]
    words = []
    for number, c in enumerate(rows):
        y = step * number + 24
        d = c.difference
        colour = {"helped": "#1b7f4d", "hurt": "#b3261e"}.get(c.verdict, "#5b5b66")
        body.append(
            f'<text x="{left - 10}" y="{y + 5}" text-anchor="end">{c.arm}</text>'
            f'<line x1="{x(d.low):.1f}" x2="{x(d.high):.1f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="3"/>'
            f'<circle cx="{x(d.mean):.1f}" cy="{y}" r="6" fill="{colour}"/><text x="{width - 60}" y="{y + 5}">{d.mean:+.3f}</text>'
        )
        words.append(f"{c.arm} {d.mean:+.3f} ({d.low:+.3f} to {d.high:+.3f})")
    alt = f"Difference in Dice to base with {base} images: " + "; ".join(words)
    return (
        f'<svg role="img" aria-label="{html.escape(alt)}" viewBox="0 0 {width} {step * len(rows) + 16}" font-size="14">'
        + "".join(body)
        + '</svg><p class="dim">Difference in Dice to base, with 95 % intervals.</p>'
    )


def _text(value: object) -> str:
    return html.escape(str(value))
