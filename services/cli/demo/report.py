"""The demo's report: one HTML file that carries its pictures, readable without a network."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.cli.demo.data import LABELS

if TYPE_CHECKING:
    from services.cli.demo.loop import Shown, Story
    from services.cli.demo.synthetic import Sample

# ruff: noqa: E501
_STYLE = """
:root{color-scheme:dark;--bg:#14161b;--card:#1d2027;--ink:#e9e6df;--dim:#a7a9b1;--line:#333842;--a:#ffb000;--b:#648fff}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:72rem;margin:0 auto;padding:2rem 1.25rem 4rem}h1{font-size:2rem;margin:0 0 .25rem}h2{margin:2.5rem 0 .75rem;font-size:1.3rem}
p{max-width:46rem}.dim{color:var(--dim)}.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:1.5rem 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.9rem 1rem}.card b{display:block;font-size:1.6rem}
.row{display:grid;grid-template-columns:repeat(5,1fr);gap:.5rem;margin:.5rem 0 1.25rem}.row figure,.grid figure{margin:0}
figcaption{font-size:.8rem;color:var(--dim);margin-top:.25rem}img{width:100%;border-radius:.4rem;display:block;image-rendering:auto;background:#000}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.75rem}.pair{display:grid;grid-template-columns:1fr 1fr;gap:2px}
table{border-collapse:collapse;width:100%}.wide{overflow-x:auto}th,td{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.key span{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .3em 0 1em}
code{background:#0006;padding:.1em .35em;border-radius:.3em}@media(max-width:40rem){.row{grid-template-columns:repeat(2,1fr)}}
"""


def write_report(story: Story, path: Path) -> Path:
    """Write the report; answers its path."""
    parts = [
        _head(story),
        _scores(story),
        _images(story),
        _synthetic(story),
        _raters(story),
        _dataset(story),
        _how(story),
    ]
    style = f"<style>{_STYLE}</style>"
    title = f"Bramble demo: {html.escape(story.project['name'])}"
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title>{style}</head><body><main>{''.join(parts)}</main></body></html>\n"
    )
    path.write_text(page, encoding="utf-8")
    return path


def _head(story: Story) -> str:
    counts = story.project["counts"]
    s = story.scores
    cards = [
        (counts["images"], "images"),
        (counts["gold"], "of them gold"),
        (story.outcome.submissions, "submissions"),
        (len(story.outcome.raters), "simulated volunteers"),
        (_figure(s.mean("single volunteer")), "Dice of one volunteer"),
        (_figure(s.mean("consensus")), "Dice of the consensus"),
        (
            story.dataset["counts"]["synthetic"] if "counts" in story.dataset else len(story.synthetic),
            "synthetic images kept",
        ),
        (f"{sum(story.seconds.values()) / 60:.1f} min", "for the whole loop"),
    ]
    tiles = "".join(
        f'<div class="card"><b>{html.escape(str(v))}</b><span class="dim">{html.escape(k)}</span></div>'
        for v, k in cards
    )
    return (
        "<h1>The loop on real MRI slices</h1>"
        '<p class="dim">Axial slices of the MNI152 T1 template (real MRI averaged over 152 people). Simulated volunteers labelled through '
        "the public API; the platform never saw the truth of the images that are scored here.</p>"
        f'<div class="cards">{tiles}</div>'
    )


def _scores(story: Story) -> str:
    s = story.scores
    rows = []
    for method, what in (
        ("single volunteer", "mean over the volunteers of an image"),
        ("majority", "the seed project's average: more than half"),
        ("consensus", "Bramble's weighted consensus"),
    ):
        low, high = s.interval(method)
        per_label = "".join(f'<td class="n">{_figure(s.mean(method, label))}</td>' for label in s.labels)
        rows.append(
            f"<tr><td>{method}<br><span class='dim'>{what}</span></td>{per_label}"
            f'<td class="n"><b>{_figure(s.mean(method))}</b></td><td class="n">{low:.3f} – {high:.3f}</td></tr>'
        )
    low, high = s.interval("consensus", against="majority")
    gain = s.mean("consensus") - s.mean("majority")
    heads = "".join(f'<th class="n">{html.escape(label)}</th>' for label in s.labels)
    verdict = "above" if low > 0 else "below" if high < 0 else "not told apart from"
    return (
        "<h2>How near to the hidden truth</h2><div class='wide'><table><thead><tr><th>Dice</th>"
        f"{heads}<th class='n'>all</th><th class='n'>95 % interval</th></tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        f"<p>On these {s.images} images the consensus is {verdict} the majority: difference {gain:+.4f}, "
        f"95 % interval {low:+.4f} to {high:+.4f} (paired bootstrap over images). The slices come from one template and are "
        "neighbours, so the intervals are narrower than those for other people would be.</p>"
    )


def _images(story: Story) -> str:
    keys = "".join(
        f'<span style="background:{label["color"]}"></span>{html.escape(str(label["name"]))}'
        for label in LABELS
    )
    rows = []
    for shown in story.shown:
        agreement = ", ".join(f"{story.scores.labels[i]} {a:.2f}" for i, a in sorted(shown.agreement.items()))
        rater = [shown.rater.get(i, np.zeros(shown.image.shape, bool)) for i in range(len(LABELS))]
        consensus = [shown.consensus.get(i, np.zeros(shown.image.shape, bool)) for i in range(len(LABELS))]
        figures = [
            (_png(shown.image), "image", f"MRI slice {shown.name}"),
            (
                _png(_overlay(shown.image, rater)),
                "one volunteer",
                "the same slice with one volunteer's masks",
            ),
            (_png(_overlay(shown.image, consensus)), "consensus", "the same slice with the consensus masks"),
            (_png(_doubt(shown)), "doubt: bright where votes split", "map of how uncertain the consensus is"),
            (
                _png(_overlay(shown.image, list(shown.truth))),
                "hidden truth",
                "the same slice with the true masks",
            ),
        ]
        cells = "".join(
            f'<figure><img src="{src}" alt="{html.escape(alt)}"><figcaption>{html.escape(caption)}</figcaption></figure>'
            for src, caption, alt in figures
        )
        rows.append(
            f'<p class="dim">{html.escape(shown.name)} · agreement: {agreement}</p><div class="row">{cells}</div>'
        )
    return f'<h2>Images, masks and consensus</h2><p class="key">Colours:{keys}</p>{"".join(rows)}'


def _synthetic(story: Story) -> str:
    result = story.synthesis.get("result") or {}
    kept, gone = result.get("accepted", len(story.synthetic)), result.get("rejected", 0)
    reasons = ", ".join(
        f"{n} {html.escape(word)}" for word, n in sorted((result.get("reasons") or {}).items())
    )
    why = f" The filters refused {gone}: {reasons}." if gone else ""
    return (
        "<h2>Synthetic images beside their masks</h2><p>Drawn by a diffusion model that was trained on the consensus for "
        f"{story.options['train_seconds']} s on this machine. Of {kept + gone} drawn, <b>{kept} were kept</b> and are in the dataset."
        f"{why} A longer training gives better pictures.</p>"
        f'<div class="grid">{"".join(_pair(s, n) for n, s in enumerate(story.synthetic, 1))}</div>'
        + (
            f'<p>Some that were refused, and are not in it:</p><div class="grid">{"".join(_pair(s) for s in story.refused)}</div>'
            if story.refused
            else ""
        )
    )


def _pair(sample: Sample, number: int = 0) -> str:
    height, width = sample.image.shape
    name = f"synthetic image {number}" if number else "refused synthetic image"
    words = html.escape(sample.reason) or f"image and its mask, {width} × {height}"
    return (
        f'<figure><div class="pair"><img src="{_png(sample.image)}" alt="{name}">'
        f'<img src="{_png(_label_map(sample.mask))}" alt="mask that it was drawn for"></div>'
        f"<figcaption>{words}</figcaption></figure>"
    )


def _raters(story: Story) -> str:
    rows = []
    for row in story.raters:
        kind = story.outcome.raters.get(row["rater_id"], "–")
        values = [
            label["reliability"] for label in row.get("labels", []) if label.get("reliability") is not None
        ]
        mean = _figure(float(np.mean(values))) if values else "–"
        gold = row.get("gold") or {}
        flags = ", ".join(str(f) for f in row.get("flags", [])) or "–"
        score = f"{gold['dice']:.2f} ({gold['n']})" if gold.get("n") else "–"
        rows.append(
            (
                (values and float(np.mean(values))) or 0.0,
                f"<tr><td>{kind}</td><td class='n'>{mean}</td><td class='n'>{score}</td><td>{flags}</td></tr>",
            )
        )
    body = "".join(text for _, text in sorted(rows, key=lambda r: -r[0]))
    return (
        "<h2>What the platform found out about the volunteers</h2><p>The first column is what the simulation hid from the platform.</p>"
        "<div class='wide'><table><thead><tr><th>kind</th><th class='n'>reliability</th><th class='n'>Dice on gold (n)</th>"
        f"<th>flags</th></tr></thead><tbody>{body}</tbody></table></div>"
    )


def _dataset(story: Story) -> str:
    d = story.dataset
    facts = {
        "name": d.get("name"),
        "version": d.get("version"),
        "id": d.get("id"),
        "SHA-256": d.get("sha256"),
    }
    counts: dict[str, Any] = d.get("counts") or {}
    facts.update({k: v for k, v in counts.items() if not isinstance(v, dict)})
    rows = "".join(
        f"<tr><td>{html.escape(str(k))}</td><td>{html.escape(str(v))}</td></tr>"
        for k, v in facts.items()
        if v is not None
    )
    return (
        f"<h2>The dataset</h2><p>It lies at <code>{html.escape(str(story.dataset_path))}</code>; its <code>manifest</code> says for each item "
        "where it came from, and <code>README.md</code> in it is the dataset card.</p>"
        f"<table><tbody>{rows}</tbody></table>{_waiting(story.waiting)}"
    )


def _waiting(names: list[str]) -> str:
    if not names:
        return "<p>Every image that isn't gold is in it with its consensus.</p>"
    listed = ", ".join(f"<code>{html.escape(name)}</code>" for name in names)
    return (
        f"<p id='waiting'>Not in it, because the volunteers differ too much and an expert should look first: {len(names)} images "
        f"({listed}). The review page of the project lists them.</p>"
    )


def _how(story: Story) -> str:
    times = "".join(
        f"<tr><td>{html.escape(k)}</td><td class='n'>{v:.1f} s</td></tr>" for k, v in story.seconds.items()
    )
    options = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in story.options.items())
    memory = f" Peak memory of all processes: {story.peak_mb / 1024:.2f} GiB." if story.peak_mb else ""
    refused = sum(story.outcome.refused.values())
    return (
        f"<h2>How it was made</h2><p><code>bramble demo {html.escape(options)}</code>. {refused} submissions were refused.{memory}</p>"
        f"<table><tbody>{times}</tbody></table>"
    )


def _figure(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def _colors() -> list[NDArray[np.float64]]:
    return [np.array([int(str(label["color"])[k : k + 2], 16) for k in (1, 3, 5)], float) for label in LABELS]


def _overlay(image: NDArray[np.uint8], masks: list[NDArray[np.bool_]]) -> NDArray[np.uint8]:
    picture = np.repeat(image[..., None], 3, axis=2).astype(float)
    for mask, color in zip(masks, _colors(), strict=False):
        inner = mask.copy()
        inner[1:-1, 1:-1] &= mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
        picture[mask] = 0.7 * picture[mask] + 0.3 * color
        picture[mask & ~inner] = color
    return picture.clip(0, 255).astype(np.uint8)


def _doubt(shown: Shown) -> NDArray[np.uint8]:
    total = np.zeros(shown.image.shape)
    for probability in shown.probability.values():
        p = probability / 65535
        total = np.maximum(total, 4 * p * (1 - p))
    dim = np.repeat(shown.image[..., None], 3, axis=2) * 0.35
    dim += total[..., None] * np.array([255.0, 90.0, 60.0]) * 0.9
    return dim.clip(0, 255).astype(np.uint8)


def _label_map(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    picture = np.zeros((*mask.shape, 3), np.uint8)
    for i, color in enumerate(_colors(), 1):
        picture[mask == i] = color.astype(np.uint8)
    return picture


def _png(picture: NDArray[np.uint8]) -> str:
    image = Image.fromarray(picture)
    if max(image.size) < 160:
        image = image.resize((image.width * 3, image.height * 3), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
