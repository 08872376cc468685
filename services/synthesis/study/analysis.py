"""From runs to statements: tables of arms against their baseline, with intervals, Holm's correction, and what can't be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain import stats
from services.synthesis.domain.params import StudyParams
from services.synthesis.study import marginal
from services.synthesis.study.data import StudySet
from services.synthesis.study.runner import MEASURES, Run

SEED_CLAIM = 23.2
"""The seed project's headline, in percent: no interval, no baseline described. Ours stands next to it."""
SEED_CONSENSUS = 76.6
BASELINE_OF = {
    "crowd_synthetic": "crowd",
    "crowd_shuffled": "crowd",
    "pretrained": "crowd",
    "enhanced": "crowd_augmented",
}
"""Besides base: the arm that has all but the synthetic images, so that the generator's part is seen apart from the crowd's."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``arm`` against ``baseline`` on one measure; ``p_holm`` is corrected for all comparisons with that baseline and size."""

    base: int
    measure: str
    arm: str
    baseline: str
    value: float
    baseline_value: float
    difference: stats.Difference
    p_holm: float

    @property
    def verdict(self) -> str:
        """ "helped", "hurt" or "can't be told": of the corrected test at 5 % (HD95: lower is better)."""
        if self.p_holm >= 0.05:
            return "can't be told"
        better = (self.difference.mean > 0) != (self.measure == "hd95")
        return "helped" if better else "hurt"

    def row(self) -> dict[str, Any]:
        """Flat, for CSV and JSON."""
        flat = {k: v for k, v in asdict(self).items() if k != "difference"}
        return {**flat, **asdict(self.difference), "verdict": self.verdict}


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that the report says."""

    comparisons: list[Comparison]
    means: list[dict[str, Any]]
    per_image: list[dict[str, Any]]
    notes: list[str]
    facts: dict[str, Any]
    worth: list[dict[str, Any]]
    """Rows of `marginal.rows`."""

    def result(self) -> dict[str, Any]:
        """JSON-ready, without the scores of single images."""
        rows = [c.row() for c in self.comparisons]
        worth = [{**row, "sentence": marginal.sentence(row)} for row in self.worth]
        return {
            "comparisons": rows,
            "arms": self.means,
            "worth": worth,
            "notes": self.notes,
            "facts": self.facts,
        }


def from_result(result: Mapping[str, Any]) -> Outcome:
    """The inverse of `Outcome.result`: what the CLI makes the report from."""
    names = {f.name for f in fields(stats.Difference)}
    comparisons = []
    for row in result["comparisons"]:
        difference = stats.Difference(**{k: v for k, v in row.items() if k in names})
        rest = {k: v for k, v in row.items() if k not in names and k != "verdict"}
        comparisons.append(Comparison(**rest, difference=difference))
    worth = [{k: v for k, v in row.items() if k != "sentence"} for row in result.get("worth", [])]
    facts = dict(result["facts"])
    return Outcome(comparisons, list(result["arms"]), [], list(result["notes"]), facts, worth)


def analyse(
    data: StudySet,
    params: StudyParams,
    runs: Iterable[tuple[Run, dict[str, Any]]],
    skipped: Mapping[str, str],
) -> Outcome:
    """Tables of ``runs``. Each test image stands in one fold; scores are ``(seeds, images)`` with images in order of position."""
    if params.seeds == 1:
        notes_first = [
            "With one seed the intervals cover the choice of test images only, not the luck of training: ask for 3 or more."
        ]
    else:
        notes_first = []
    table: dict[tuple[int, str], dict[tuple[int, int], dict[str, float]]] = {}
    images_of: dict[tuple[int, str], dict[int, int]] = {}
    notes = notes_first + [f"{arm}: left out, {why}" for arm, why in skipped.items()]
    sifted: dict[tuple[int, int], dict[str, Any]] = {}
    void: set[tuple[int, str]] = set()
    for run, found in runs:
        if found.get("synthetic"):
            sifted[run.base, run.fold] = found["synthetic"]
        if found["scores"] is None:
            note = f"{run.arm} with {run.base} base images, fold {run.fold + 1}: left out, {found['why']}"
            if note not in notes:  # the same for every seed
                notes.append(note)
            void.add((run.base, run.arm))
            continue
        images_of.setdefault((run.base, run.arm), {})[run.fold] = found["images"]
        cells = table.setdefault((run.base, run.arm), {})
        for column, place in enumerate(found["test"]):
            cells[run.seed, place] = {m: found["scores"][m][column] for m in MEASURES}
    # Arms are compared on the same test images: without one fold an arm can't be.
    for base, arm in sorted(void & set(table)):
        del table[base, arm]
        notes.append(
            f"{arm} with {base} base images: left out of all comparisons, since a fold of it is missing"
        )
    comparisons: list[Comparison] = []
    means: list[dict[str, Any]] = []
    worth: list[dict[str, Any]] = []
    for base in params.base_images:
        matrices = {arm: _matrices(cells) for (n, arm), cells in table.items() if n == base}
        places = sorted({p for (n, _), cells in table.items() if n == base for _, p in cells})
        groups = np.unique([data.groups[p] for p in places], return_inverse=True)[1].astype(np.int64)
        counts = {arm: float(np.mean(list(images_of[base, arm].values()))) for arm in matrices}
        for arm, scores in matrices.items():
            row: dict[str, Any] = {"base": base, "arm": arm, "training_images": round(counts[arm])}
            row |= {m: float(scores[m].mean()) for m in MEASURES}
            row["seed_spread"] = float(scores["dice"].mean(axis=1).std())
            means.append(row)
        for measure in MEASURES:
            comparisons += _compare(base, measure, matrices, groups, params.seed)
        dice = {arm: scores["dice"] for arm, scores in matrices.items()}
        each = params.labels_per_image or data.labels_per_image
        worth += marginal.rows(base, dice, counts, groups, params, each)
    per_image = [
        {
            "base": base,
            "arm": arm,
            "seed": seed,
            "image": data.ids[place],
            "group": data.groups[place],
            **cells,
        }
        for (base, arm), found in sorted(table.items())
        for (seed, place), cells in sorted(found.items())
    ]
    facts = {
        "name": data.name,
        "images": len(data.ids),
        "expert": int(data.has_expert.sum()),
        "groups": len(set(data.groups)),
        "classes": data.classes,
        "crowd_kind": data.crowd_kind,
        "crowd_dice": data.crowd_dice(),
        "params": asdict(params),
        "synthetic": [sifted[key] for key in sorted(sifted)],
    }
    return Outcome(comparisons, means, per_image, notes, facts, worth)


def _matrices(cells: Mapping[tuple[int, int], dict[str, float]]) -> dict[str, NDArray[np.float64]]:
    seeds, places = sorted({s for s, _ in cells}), sorted({p for _, p in cells})
    return {m: np.array([[cells[s, p][m] for p in places] for s in seeds]) for m in MEASURES}


def _compare(
    base: int,
    measure: str,
    matrices: Mapping[str, Mapping[str, NDArray[np.float64]]],
    groups: NDArray[np.int64],
    seed: int,
) -> list[Comparison]:
    # Parts of an arm are points of its curve; tested one by one they would only cost the arms their power.
    whole = [arm for arm in matrices if "@" not in arm]
    pairs = [(arm, "base") for arm in whole if arm != "base" and "base" in whole]
    pairs += [(arm, other) for arm, other in BASELINE_OF.items() if arm in matrices and other in matrices]
    found = {}
    for arm, other in pairs:
        rng = np.random.default_rng([seed, 41])
        found[arm, other] = stats.paired_bootstrap(
            matrices[other][measure], matrices[arm][measure], rng, groups=groups
        )
    corrected: dict[tuple[str, str], float] = {}
    for baseline in {other for _, other in pairs}:
        family = {arm: found[arm, baseline].p for arm, other in pairs if other == baseline}
        corrected |= {(arm, baseline): p for arm, p in stats.holm(family).items()}
    return [
        Comparison(
            base,
            measure,
            arm,
            other,
            float(matrices[arm][measure].mean()),
            float(matrices[other][measure].mean()),
            found[arm, other],
            corrected[arm, other],
        )
        for arm, other in pairs
    ]
