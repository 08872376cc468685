"""Small line charts as SVG, without a plotting library: what `consensus_pictures.py` draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

COLOURS = ("#3b6ea5", "#c0562f", "#4b8b4b", "#8a5aa3", "#7d7d7d", "#b08a2e")
WIDTH, HEIGHT = 380, 270
LEFT, TOP, RIGHT, BOTTOM = 52, 30, 12, 44


@dataclass
class Chart:
    """One chart. lines: (name, points); a band is (name, [(x, low, high)]); ``equal``: draws the line y = x."""

    title: str
    x: str
    y: str
    xs: tuple[float, float]
    ys: tuple[float, float]
    lines: list[tuple[str, Sequence[tuple[float, float]]]] = field(default_factory=list)
    bands: dict[str, Sequence[tuple[float, float, float]]] = field(default_factory=dict)
    equal: bool = False
    legend: str = "bottom"  # right; top and middle: left

    def svg(self, left: float) -> str:
        """The chart's elements, moved right by ``left`` px."""

        def px(x: float) -> float:
            return left + LEFT + (x - self.xs[0]) / (self.xs[1] - self.xs[0]) * (WIDTH - LEFT - RIGHT)

        def py(y: float) -> float:
            return HEIGHT - BOTTOM - (y - self.ys[0]) / (self.ys[1] - self.ys[0]) * (HEIGHT - TOP - BOTTOM)

        def text(x: float, y: float, what: str, anchor: str = "middle", more: str = "") -> str:
            return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(what)}</text>'

        middle = (px(self.xs[0]) + px(self.xs[1])) / 2
        out = [text(middle, 18, self.title, more='font-weight="bold"'), text(middle, HEIGHT - 8, self.x)]
        across = (py(self.ys[0]) + py(self.ys[1])) / 2
        turn = f'transform="rotate(-90 {left + 13:.1f} {across:.1f})"'
        out.append(text(left + 13, across, self.y, more=turn))
        for k in range(6):
            x, y = (a + (b - a) * k / 5 for a, b in (self.xs, self.ys))
            out.append(f'<path d="M{px(self.xs[0]):.1f} {py(y):.1f}H{px(self.xs[1]):.1f}" stroke="#ddd"/>')
            out.append(text(px(self.xs[0]) - 5, py(y) + 4, f"{y:.3g}", "end"))
            out.append(text(px(x), HEIGHT - BOTTOM + 15, f"{x:.3g}"))
        if self.equal:
            ends = f"M{px(self.xs[0]):.1f} {py(self.ys[0]):.1f}L{px(self.xs[1]):.1f} {py(self.ys[1]):.1f}"
            out.append(f'<path d="{ends}" stroke="#999" stroke-dasharray="4 3"/>')
        for k, (name, points) in enumerate(self.lines):
            colour = COLOURS[k % len(COLOURS)]
            if name in self.bands:
                band = self.bands[name]
                there = [f"{px(x):.1f} {py(high):.1f}" for x, _, high in band]
                back = [f"{px(x):.1f} {py(low):.1f}" for x, low, _ in reversed(band)]
                out.append(f'<path d="M{"L".join(there + back)}Z" fill="{colour}" opacity="0.15"/>')
            path = "L".join(f"{px(x):.1f} {py(y):.1f}" for x, y in points)
            out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
            if len(points) < 30:
                out += [
                    f'<circle cx="{px(x):.1f}" cy="{py(y):.1f}" r="2.5" fill="{colour}"/>' for x, y in points
                ]
            first = {"top": TOP + 14, "middle": TOP + 94}.get(
                self.legend, HEIGHT - BOTTOM + 4 - 14 * len(self.lines)
            )
            y, right = first + 14 * k, self.legend == "bottom"
            at = px(self.xs[1]) - 130 if right else px(self.xs[0]) + 8
            out.append(f'<path d="M{at:.1f} {y - 4:.1f}h16" stroke="{colour}" stroke-width="2.5"/>')
            out.append(text(at + 21, y, name, "start"))
        return "".join(out)


def write(path: Path, charts: Sequence[Chart], alt: str) -> None:
    """Charts side by side in one SVG; ``alt`` is its description for those who can't see it."""
    body = "\n".join(chart.svg(k * WIDTH) for k, chart in enumerate(charts))
    width = WIDTH * len(charts)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="11" fill="#222"><title>{escape(alt)}</title>\n'
        f'<rect width="{width}" height="{HEIGHT}" fill="#fff"/>\n{body}\n</svg>\n',
        encoding="utf-8",
    )
