"""Consensus: accuracy and speed of every method and of what people would use instead, on the same masks in the same run.

    python benchmarks/consensus.py [--images 60] [--seeds 1]

Crowds come from the shared simulator where it is at hand (`BRAMBLE_SHARED_DATA/../peers/crowd_sim.py`). Without it the figure is left
out with a line that says so. Real masks: `consensus_real.py`; peers: `consensus_peers.py`.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common import figure
from consensus_peers import crowdkit, crowdkit_python, simpleitk

from services.consensus.domain import auto
from services.consensus.domain.confidence import confidence, probability
from services.consensus.domain.hierarchical import FINEST, RaterModel, RaterParams, estimate, fuse
from services.consensus.domain.majority import majority
from services.consensus.domain.patterns import patterns
from services.consensus.domain.reliability import report
from services.consensus.domain.simple import simple
from services.consensus.domain.staple import staple, staple_em
from services.consensus.domain.staple_many import staple_many
from services.consensus.domain.votes import ImageVotes, image_votes
from services.consensus.domain.weighted import weighted
from services.consensus.merge import merge
from shared.imaging import rle
from shared.imaging.metrics import dice

SHARED = Path(
    os.environ.get("BRAMBLE_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
)
FOLDER = 128  # images of the folder that STAPLE's speed is measured on
METHODS: dict[str, Callable[[ImageVotes], Any]] = {
    "majority": majority,
    "staple": staple,
    "simple": simple,
    "weighted": weighted,
}


def simulator() -> Any:
    """The shared simulator as a module, or None."""
    path = SHARED.parent / "peers" / "crowd_sim.py"
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location("crowd_sim", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def paired(gain: np.ndarray) -> list[float]:
    """Mean and 95 % bootstrap interval over images."""
    rng = np.random.default_rng(0)
    means = gain[rng.integers(0, len(gain), (4000, len(gain)))].mean(axis=1)
    return [round(float(v), 4) for v in (gain.mean(), *np.percentile(means, [2.5, 97.5]))]


def score(votes: Sequence[ImageVotes], truth: Sequence[np.ndarray], fused: Sequence[Any]) -> np.ndarray:
    return np.array([dice(rle.decode(f.mask), t) for f, t in zip(fused, truth, strict=True)])


def peers(votes: Sequence[ImageVotes], truth: Sequence[np.ndarray], **more: Any) -> dict[str, np.ndarray]:
    """Peers on the same masks: Dice of each image."""
    out = {}
    start = time.process_time()
    found = [simpleitk(v) for v in votes]
    out["simpleitk-staple"] = np.array([dice(f, t) for f, t in zip(found, truth, strict=True)])
    tell("simpleitk-staple", out["simpleitk-staple"], time.process_time() - start, **more)
    if crowdkit_python() is None:
        figure("consensus_peer_missing", 0, "", peer="crowd-kit", why="not installed", **more)
        return out
    for name, (masks, seconds) in crowdkit(votes).items():
        out[f"crowdkit-{name}"] = np.array([dice(m, t) for m, t in zip(masks, truth, strict=True)])
        tell(f"crowdkit-{name}", out[f"crowdkit-{name}"], seconds, **more)
    return out


def tell(method: str, found: np.ndarray, seconds: float, **more: Any) -> None:
    figure(
        "consensus_dice",
        float(found.mean()),
        "Dice",
        method=method,
        n=len(found),
        ms_per_image=round(1000 * seconds / len(found), 3),
        under_085=round(float((found < 0.85).mean()), 4),
        **more,
    )


def oracle(votes: ImageVotes, truth: np.ndarray, fused: Any, model: RaterModel, spam: set[str]) -> np.ndarray:
    """The mark for any knowledge of raters: our vote, told who is a spammer and whose mask is of another object. Bool (H, W)."""
    honest = np.array(
        [
            r not in spam and dice(rle.decode(m), truth) > 0.3
            for r, m in zip(votes.raters, votes.masks, strict=True)
        ]
    )
    weights = honest * (np.array([model.of(r).variance for r in votes.raters]) + FINEST) ** -model.power
    return rle.decode(fused.found.paint(fused.found.votes @ weights > weights.sum() / 2 + 1e-9))


def table(
    votes: Sequence[ImageVotes],
    truth: Sequence[np.ndarray],
    hidden: set[str],
    spam: set[str],
    with_peers: bool,
    **more: Any,
) -> Any:
    """Every method on one crowd; images in ``hidden`` teach about raters but aren't judged. Answers the model."""
    kept = [v for v in votes if v.image not in hidden]
    out = {}
    singles = [np.mean([dice(rle.decode(m), t) for m in v.masks]) for v, t in zip(kept, truth, strict=True)]
    tell("single-rater", np.array(singles), 0.0, **more)
    for name, method in METHODS.items():
        start = time.process_time()
        fused = [method(v) for v in kept]
        seconds = time.process_time() - start
        out[name] = score(kept, truth, fused)
        tell(name, out[name], seconds, **more)
    start = time.process_time()
    model = estimate(votes)
    fused = [fuse(v, model) for v in kept]
    seconds = time.process_time() - start
    out["hierarchical"] = score(kept, truth, fused)
    tell("hierarchical", out["hierarchical"], seconds, **more)
    known = [oracle(v, t, f, model, spam) for v, t, f in zip(kept, truth, fused, strict=True)]
    out["oracle-honest"] = np.array([dice(m, t) for m, t in zip(known, truth, strict=True)])
    tell("oracle-honest", out["oracle-honest"], 0.0, **more)
    figure("consensus_auto", 0, "", choice=auto.choose(votes).method, **more)
    if with_peers:
        out |= peers(kept, truth, **more)
    for name, found in out.items():
        if name != "hierarchical":
            gain = paired(out["hierarchical"] - found)
            figure("consensus_gain", gain[0], "Dice", over=name, low=gain[1], high=gain[2], **more)
    calibration(kept, truth, fused, out["hierarchical"], **more)
    return model


def calibration(
    votes: Sequence[ImageVotes],
    truth: Sequence[np.ndarray],
    fused: Sequence[Any],
    found: np.ndarray,
    **more: Any,
) -> None:
    """ECE over the pixels that anybody marked, and coverage of the 90 % interval of predicted Dice."""
    p = np.concatenate(
        [f.found.spread(probability(f))[_touched(v)] for f, v in zip(fused, votes, strict=True)]
    )
    y = np.concatenate([t[_touched(v)] for v, t in zip(votes, truth, strict=True)])
    bins = np.minimum((p * 10).astype(int), 9)
    ece = sum(abs(float(p[bins == b].sum() - y[bins == b].sum())) for b in range(10)) / len(p)
    figure("consensus_ece", ece, "", pixels=len(p), **more)
    covered(fused, found, method="hierarchical", raters="5-15", **more)
    for name in ("majority", "staple", "simple", "weighted"):
        merged = [METHODS[name](v) for v in votes]
        covered(merged, score(votes, truth, merged), method=name, raters="5-15", **more)


def covered(fused: Sequence[Any], found: np.ndarray, **more: Any) -> None:
    """How many of the 90 % intervals hold the true Dice, with Wilson's 95 % interval, and how far predicted Dice is off."""
    sure = [confidence(f) for f in fused]
    inside = [c.low <= d <= c.high for c, d in zip(sure, found, strict=True)]
    n, share, z = len(inside), float(np.mean(inside)), 1.96
    middle, half = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    ends = [round(float((middle + sign * half) / (1 + z * z / n)), 4) for sign in (-1, 1)]
    width = float(np.mean([c.high - c.low for c in sure]))
    below = float(np.mean([d < c.low for c, d in zip(sure, found, strict=True)]))
    figure(
        "consensus_interval_coverage",
        share,
        "of 0.90",
        n=n,
        low=ends[0],
        high=ends[1],
        truth_below=round(below, 4),
        width=round(width, 4),
        **more,
    )
    error = np.array([c.predicted_dice for c in sure]) - found
    figure(
        "consensus_predicted_dice_error",
        float(np.abs(error).mean()),
        "Dice",
        bias=round(float(error.mean()), 4),
        **more,
    )


def few(
    votes: Sequence[ImageVotes], truth: Sequence[np.ndarray], hidden: set[str], seed: int, **more: Any
) -> None:
    """Predicted Dice where each image has few raters: known from such images only ("early"), or from everything ("known")."""
    rng = np.random.default_rng(seed)
    everything = estimate(votes)
    for count in (1, 2, 3, 5):
        drawn = [
            image_votes(v.image, {v.raters[i]: v.masks[i] for i in rng.permutation(len(v.raters))[:count]})
            for v in votes
        ]
        kept = [v for v in drawn if v.image not in hidden]
        for known, model in (("early", estimate(drawn)), ("known", everything)):
            straight: dict[Any, Any] = {}
            fused = [fuse(v, model, cache=straight) for v in kept]
            covered(
                fused, score(kept, truth, fused), method="hierarchical", raters=count, model=known, **more
            )


def _touched(votes: ImageVotes) -> np.ndarray:
    return np.logical_or.reduce([rle.decode(m) for m in votes.masks])


def simulated(seeds: Sequence[int], images: int, mixes: Sequence[str], with_peers: bool) -> None:
    sim = simulator()
    if sim is None:
        figure("consensus_left_out", 0, "", why="the simulator is not at hand")
        return
    for mix in mixes:
        for seed in seeds:
            kinds, made = sim.make(seed=seed, N=images, ngold=12, nw=60, **sim.MIXES[mix])
            votes = [
                image_votes(f"img{i:04d}", {f"rater{k:02d}": m for k, m in zip(ids, masks, strict=True)})
                for i, (_, masks, ids, _) in enumerate(made)
            ]
            truth = [t for t, _, _, gold in made if not gold]
            hidden = {v.image for v, (*_, gold) in zip(votes, made, strict=True) if gold}
            spam = {f"rater{k:02d}" for k, kind in enumerate(kinds) if kind["type"] == "spam"}
            model = table(votes, truth, hidden, spam, with_peers, crowd=mix, seed=seed)
            few(votes, truth, hidden, crowd=mix, seed=seed)
            spammers(model, votes, spam, crowd=mix, seed=seed)


def spammers(model: Any, votes: Sequence[ImageVotes], spam: set[str], **more: Any) -> None:
    reports = report(model, votes)
    bad = [r.honesty for r in reports if r.rater in spam]
    good = [r.honesty for r in reports if r.rater not in spam]
    pairs = [(b < g) + 0.5 * (b == g) for b in bad for g in good]
    figure("consensus_spammer_auc", float(np.mean(pairs)) if pairs else float("nan"), "", **more)
    figure(
        "consensus_quarantine",
        float(np.mean([r.quarantined for r in reports if r.rater in spam])) if bad else 0.0,
        "of spammers",
        false_alarms=sum(r.quarantined for r in reports if r.rater not in spam),
        honest=len(good),
        **more,
    )


def speed() -> None:
    """STAPLE against SimpleITK, from RLE to RLE, and the arriving submission at 15 raters of 1024²."""
    rng = np.random.default_rng(0)
    yy, xx = np.mgrid[:1024, :1024].astype(np.float32)

    def crowd(size: int, count: int) -> ImageVotes:
        y, x = yy[:size, :size], xx[:size, :size]
        theta = np.arctan2(y - size / 2, x - size / 2)
        masks = {}
        for k in range(count):
            a, b = rng.normal(0, 0.03, 2)
            radius = size * (0.2 + rng.normal(0, 0.01)) * (1 + a * np.cos(5 * theta) + b * np.sin(9 * theta))
            masks[f"r{k:02d}"] = np.hypot(y - size / 2, x - size / 2) < radius
        return image_votes("i", masks)

    for size in (256, 1024):
        votes = crowd(size, 15)
        ours = best(lambda v=votes: staple(v, crop=False).mask, 7)
        theirs = best(lambda v=votes: simpleitk(v), 2)
        same = np.array_equal(rle.decode(staple(votes, crop=False).mask), simpleitk(votes))
        figure(
            "consensus_staple_speed",
            theirs / ours,
            "x SimpleITK",
            size=size,
            raters=15,
            ours_ms=round(ours * 1e3, 3),
            simpleitk_ms=round(theirs * 1e3, 1),
            same_mask=bool(same),
        )
        found = patterns(votes.masks)
        em = best(lambda f=found: staple_em(f.votes, f.counts), 7)
        figure("consensus_staple_em_ms", em * 1e3, "ms", size=size, patterns=len(found.counts))
    many = [crowd(256, 15) for _ in range(FOLDER)]
    start = time.process_time()
    peer = [simpleitk(v) for v in many]
    theirs = (time.process_time() - start) / len(many)
    for batch, call in (
        (1, lambda: [staple(v, crop=False).mask for v in many]),
        (FOLDER, lambda: [f.mask for f in staple_many(many, crop=False)]),
    ):
        ours = best(call, 5) / len(many)
        same = sum(np.array_equal(rle.decode(m), p) for m, p in zip(call(), peer, strict=True))
        figure(
            "consensus_staple_folder_speed",
            theirs / ours,
            "x SimpleITK",
            size=256,
            raters=15,
            n=len(many),
            at_once=batch,
            ours_ms=round(ours * 1e3, 3),
            simpleitk_ms=round(theirs * 1e3, 1),
            same_masks=same,
        )
    model = estimate([crowd(256, 15)])
    votes = crowd(1024, 15)
    # As the service does it: mask, figures and outlook, with what is kept of the masks that were there before.
    shifted = RaterModel({"r14": RaterParams(offset=3.0, shift=(6.0, -4.0), scatter=1.0)})
    for habits, known in (("undone", estimate([votes])), ("shift undone", shifted), ("none", RaterModel())):
        late = next((r for r in votes.raters if known.of(r).habitual != (0.0, (0.0, 0.0))), "r14")
        spent = []
        for k in range(7):  # as another label each time, so that nothing is kept of the mask that arrives
            merge(k, votes.without(late), known, "hierarchical")
            start = time.process_time()
            merge(k, votes, known, "hierarchical")
            spent.append(1e3 * (time.process_time() - start))
        figure(
            "consensus_arrival_ms",
            min(spent),
            "ms CPU",
            size=1024,
            raters=15,
            habits=habits,
            most=round(max(spent), 1),
        )
    figure(
        "consensus_update_ms", best(lambda: fuse(votes, model).mask, 7) * 1e3, "ms CPU", size=1024, raters=15
    )


def best(call: Callable[[], Any], repeats: int) -> float:
    """Least CPU seconds of some repeats."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--mixes", nargs="+", default=["main", "hard", "indep"])
    parser.add_argument("--no-peers", action="store_true", help="leave SimpleITK and crowd-kit out")
    parser.add_argument("--only", choices=["speed", "simulated"])
    given = parser.parse_args()
    if given.only in (None, "speed"):
        speed()
    if given.only in (None, "simulated"):
        simulated(given.seeds, given.images, given.mixes, not given.no_peers)


if __name__ == "__main__":
    main()
