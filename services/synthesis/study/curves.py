"""The report's learning curves: a figure, and what the next images are worth in words."""

from __future__ import annotations

import html
import math
from typing import Any

from services.synthesis.study.analysis import Outcome
from services.synthesis.study.marginal import sentence

WIDTH, HEIGHT, LEFT, BOTTOM = 720, 300, 60, 44
SERIES = (
    ("labelled images: the lab's, then volunteers'", "#1f5fa8", ("base", "crowd")),
    ("the same and synthetic images", "#a8511f", ("crowd", "crowd_synthetic")),
)


def section(outcome: Outcome, base: int) -> str:
    """Curves and worth for one size of the base set; "" where no part was tried."""
    rows = [row for row in outcome.means if row["base"] == base]
    lines = []
    for name, colour, (start, kind) in SERIES:
        first = [r for r in rows if r["arm"] == start]
        points = first + [r for r in rows if r["arm"].partition("@")[0] == kind]
        if len(points) > 2:
            lines.append((name, colour, sorted((r["training_images"], r["dice"]) for r in points)))
    if not lines:
        return ""
    words = [sentence(row) for row in outcome.worth if row["base"] == base]
    items = "".join(f"<li>{html.escape(text)}</li>" for text in words)
    return f"<h3>What more would bring</h3>{_figure(lines, base)}<ul>{items}</ul>"


def by_size(outcome: Outcome) -> str:
    """Dice of each arm by number of base images, as a table."""
    sizes = outcome.facts["params"]["base_images"]
    arms = list(dict.fromkeys(row["arm"] for row in outcome.means if "@" not in row["arm"]))
    found = {(row["base"], row["arm"]): row["dice"] for row in outcome.means}
    head = "".join(f"<th class=n>{n}</th>" for n in sizes)
    body = ""
    for arm in arms:
        cells = "".join(
            f"<td class=n>{found[n, arm]:.3f}</td>" if (n, arm) in found else "<td class=n>–</td>"
            for n in sizes
        )
        body += f"<tr><td>{arm}</td>{cells}</tr>"
    return f"<h2>Learning curves: Dice by number of base images</h2><table><tr><th>Arm</th>{head}</tr>{body}</table>"


def _figure(lines: list[tuple[str, str, list[tuple[float, float]]]], base: int) -> str:
    counts = [n for _, _, points in lines for n, _ in points]
    values = [v for _, _, points in lines for _, v in points]
    low, high = math.floor(min(values) * 20) / 20, math.ceil(max(values) * 20) / 20
    high = max(high, low + 0.05)
    left, right = math.log(min(counts)), math.log(max(counts)) or 1.0

    def x(count: float) -> float:
        return LEFT + 10 + (math.log(count) - left) / ((right - left) or 1.0) * (WIDTH - LEFT - 40)

    def y(value: float) -> float:
        return 12 + (high - value) / (high - low) * (HEIGHT - BOTTOM - 24)

    body: list[str] = []
    for step in range(round((high - low) / 0.05) + 1):
        value = low + 0.05 * step
        body.append(
            f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#e2e2e8"/>'
            f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        )
    for count in _ticks(sorted(set(counts)), x):
        body.append(
            f'<text x="{x(count):.1f}" y="{HEIGHT - BOTTOM + 8}" text-anchor="middle">{count:.0f}</text>'
        )
    body.append(
        f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle">training images (log scale)</text>'
    )
    words, key = [], ""
    for name, colour, points in lines:
        path = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v in points)
        dash = "" if colour == SERIES[0][1] else ' stroke-dasharray="6 4"'
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"{dash}/>')
        body += [f'<circle cx="{x(n):.1f}" cy="{y(v):.1f}" r="4.5" fill="{colour}"/>' for n, v in points]
        words.append(f"{name}: " + ", ".join(f"{v:.3f} with {n:.0f}" for n, v in points))
        key += f'<span style="color:{colour}">●</span> {html.escape(name)} &nbsp; '
    alt = html.escape(f"Dice by number of training images, from {base} labelled ones. " + "; ".join(words))
    return (
        f'<svg role="img" aria-label="{alt}" viewBox="0 0 {WIDTH} {HEIGHT}" font-size="13">{"".join(body)}</svg>'
        f'<p class="dim">Dice on unseen images. {key}</p>'
    )


def _ticks(counts: list[float], x: Any) -> list[float]:
    """Those of ``counts`` whose numbers don't run into one another."""
    shown: list[float] = []
    for count in counts:
        if not shown or x(count) - x(shown[-1]) > 36:
            shown.append(count)
    return shown
