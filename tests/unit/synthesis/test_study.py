"""The study without torch: data, folds, refusals, analysis, report. And once, small, the whole of it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from services.synthesis.domain.labelmaps import mean_dice
from services.synthesis.domain.params import StudyParams
from services.synthesis.study import analysis, data, parallel, report, runner
from services.synthesis.study.ledger import FileLedger
from shared.errors import InvalidInput
from tests.unit.synthesis.phantoms import arrays, phantom


def study_set(count: int = 24, groups: int = 8, size: int = 16, crowd: bool = True) -> data.StudySet:
    images, maps = arrays(count, size)
    known = np.ones(count, bool)
    noisy = data.simulate_crowd(maps, np.random.default_rng(1))
    names = [f"g{i % groups}" for i in range(count)]
    kind = "simulated" if crowd else "none"
    return data.StudySet(
        images, maps, noisy, known, known & crowd, list(map(str, range(count))), names, 2, kind, "phantoms"
    )


def test_folds_hold_whole_groups_and_are_balanced():
    found = study_set()
    where = data.folds_of(found, 3, 0)
    assert all(
        len({w for w, g in zip(where, found.groups, strict=True) if g == group}) == 1
        for group in found.groups
    )
    assert np.bincount(where).min() >= 6


@pytest.mark.parametrize(
    ("count", "groups", "says"), [(3, 3, "at least 24 images"), (30, 2, "at least 3 groups")]
)
def test_too_little_is_refused_with_what_is_missing(count, groups, says):
    with pytest.raises(InvalidInput, match=says):
        data.check(study_set(count, groups), 3, (16,))


def test_simulated_volunteers_are_imperfect_but_useful():
    found = study_set(30, size=48)
    assert 0.6 < found.crowd_dice() < 0.99


def test_a_folder_with_raters(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    rows = []
    for number in range(4):
        pixels, label_map = phantom(rng, 32)
        truth = (label_map > 0).astype(np.uint8) * 255
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
        for rater in ("gold", "r1", "r2", "r3"):
            mask = np.zeros_like(truth) if rater == "r3" else truth
            Image.fromarray(mask).save(tmp_path / "masks" / f"{number}_{rater}.png")
            rows.append(
                {
                    "image": f"images/{number}.png",
                    "mask": f"masks/{number}_{rater}.png",
                    "rater": rater,
                    "group": f"p{number}",
                }
            )
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    found = data.from_folder(tmp_path, 16)
    assert (found.crowd_kind, found.classes, len(found.ids), found.images.shape) == (
        "real",
        1,
        4,
        (4, 1, 16, 16),
    )
    # Two of three agree with the expert on every image: the majority is the expert.
    assert found.crowd_dice() == 1.0


def test_a_plain_folder_gets_simulated_volunteers(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for number in range(3):
        pixels, label_map = phantom(rng, 32)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
        Image.fromarray(label_map).save(tmp_path / "masks" / f"{number}.png")
    found = data.from_folder(tmp_path, 16)
    assert (found.crowd_kind, found.classes) == ("simulated", 2)
    (tmp_path / "images" / "0.png").write_text("no picture")
    with pytest.raises(InvalidInput, match="can't be read"):
        data.from_folder(tmp_path, 16)
    with pytest.raises(InvalidInput, match="no images with masks"):
        data.from_folder(tmp_path / "masks", 16)


def test_what_this_data_cannot_have_is_skipped_with_the_reason():
    runs, skipped = runner.plan(study_set(crowd=False), StudyParams(seeds=2, folds=2, base_images=(4, 8)))
    assert set(skipped) == {"crowd", "crowd_augmented", "crowd_synthetic", "crowd_shuffled", "enhanced"}
    assert {r.arm for r in runs} == {"base", "fewer_steps", "augmented", "expert"}
    assert len(runs) == 4 * 2 * 2 * 2


def test_parts_of_an_arm_are_runs_of_their_own():
    params = StudyParams(
        arms=("base", "crowd", "expert"), seeds=1, folds=2, base_images=(4,), curve=(0.5, 0.25)
    )
    runs, _ = runner.plan(study_set(), params)
    assert [r.arm for r in runs if r.fold == 0] == ["base", "crowd", "expert", "crowd@0.25", "crowd@0.5"]
    assert [(r.kind, r.part) for r in runs[-2:]] == [("crowd", 0.25), ("crowd", 0.5)]
    found = study_set()
    sets = runner._sets(found, params, data.folds_of(found, 2, 0), runs[0])
    whole, half = (runner._real(sets, r) for r in (runs[1], runs[4]))
    assert len(half[0]) - 4 == pytest.approx((len(whole[0]) - 4) / 2, abs=0.5)


def test_scores_by_hand():
    truth = np.zeros((10, 10), np.uint8)
    truth[2:6, 2:6] = 1
    assert runner.score(truth, truth, 2) == {"dice": 1, "iou": 1, "hd95": 0, "presence": 1}
    moved = np.roll(truth, 2, 1)
    found = runner.score(moved, truth, 2)
    assert (found["dice"], found["iou"], found["presence"]) == (0.5, pytest.approx(1 / 3), 1)
    nothing = np.zeros_like(truth)
    assert runner.score(nothing, truth, 2)["presence"] == 0.5
    assert runner.score(nothing, truth, 2)["hd95"] == pytest.approx(np.hypot(10, 10))
    assert runner.score(nothing, nothing, 2)["dice"] == mean_dice(nothing, nothing, 2) == 1


def fake_runs(found, params, gain):
    where = data.folds_of(found, params.folds, params.seed)
    rng = np.random.default_rng(0)
    level = rng.uniform(0.4, 0.7, len(found.ids))
    for run in runner.plan(found, params)[0]:
        test = np.flatnonzero(where == run.fold)
        dice = [float(np.clip(level[i] + gain.get(run.arm, 0) + rng.normal(0, 0.01), 0, 1)) for i in test]
        scores = {"dice": dice, "iou": dice, "hd95": [10 * (1 - d) for d in dice], "presence": dice}
        added = {"base": 0, "crowd": 40, "crowd_synthetic": 80}.get(run.kind, 40)
        before = 40 if run.kind == "crowd_synthetic" else 0
        yield (
            run,
            {
                "test": test.tolist(),
                "scores": scores,
                "images": 8 + before + round(run.part * (added - before)),
            },
        )


def test_analysis_says_what_helped_hurt_and_cannot_be_told(tmp_path):
    found = study_set(30, 10)
    params = StudyParams(seeds=3, folds=3, base_images=(8,))
    gain = {
        "crowd": 0.1,
        "crowd@0.25": 0.02,
        "crowd@0.5": 0.06,
        "crowd_synthetic": 0.1,
        "crowd_shuffled": -0.1,
        "enhanced": 0.15,
        "fewer_steps": -0.05,
    }
    outcome = analysis.analyse(found, params, fake_runs(found, params, gain), {})
    verdicts = {(c.arm, c.baseline): c.verdict for c in outcome.comparisons if c.measure == "dice"}
    assert verdicts["crowd", "base"] == "helped"
    assert verdicts["crowd_shuffled", "crowd"] == "hurt"
    assert verdicts["augmented", "base"] == "can't be told"
    assert verdicts["crowd_synthetic", "crowd"] == "can't be told"
    by_distance = {(c.arm, c.baseline): c.verdict for c in outcome.comparisons if c.measure == "hd95"}
    assert by_distance["crowd", "base"] == "helped"
    path = report.write(outcome, tmp_path)
    page = path.read_text()
    assert "+23.2 %" in page
    assert 'role="img" aria-label="Difference in Dice' in page
    assert "http" not in page.replace("http-equiv", "")
    with (tmp_path / "comparisons.csv").open() as file:
        assert {r["verdict"] for r in csv.DictReader(file)} >= {"helped", "hurt"}
    # What a job's result carries is enough for the same page.
    assert report.render(analysis.from_result(json.loads(json.dumps(outcome.result())))) == page
    assert len((tmp_path / "scores.csv").read_text().splitlines()) == 1 + 13 * 3 * 30
    # Parts of an arm make its curve, and aren't compared one by one.
    assert not [c for c in outcome.comparisons if "@" in c.arm]
    assert {"enhanced", "crowd_augmented"} <= {arm for arm, _ in verdicts}
    assert ("enhanced", "crowd_augmented") in verdicts
    labels = next(row for row in outcome.worth if row["what"] == "volunteers' labels")
    assert labels["gain"] > 0
    assert "What more would bring" in page


def test_an_arm_without_samples_in_a_fold_is_left_out_and_said_so():
    found = study_set(30, 10)
    params = StudyParams(arms=("base", "crowd", "crowd_synthetic"), seeds=2, folds=3, base_images=(8,))

    def runs():
        for run, result in fake_runs(found, params, {"crowd": 0.1}):
            counts = {
                "fold": run.fold,
                "base": 8,
                "drawn": 9,
                "kept": 9 - 4 * run.fold,
                "reasons": {"noisy": 4 * run.fold} if run.fold else {},
            }
            if run.kind == "crowd_synthetic":
                result = {**result, "synthetic": counts}
                if run.fold == 2:
                    result = {
                        "scores": None,
                        "why": "only 1 of 9 samples passed the filters; 4 are needed",
                        "synthetic": counts,
                    }
            yield run, result

    outcome = analysis.analyse(found, params, runs(), {})
    assert {c.arm for c in outcome.comparisons} == {"crowd"}
    assert [n for n in outcome.notes if "fold 3" in n and "@" not in n] == [
        "crowd_synthetic with 8 base images, fold 3: left out, only 1 of 9 samples passed the filters; 4 are needed"
    ]
    assert any("left out of all comparisons" in n for n in outcome.notes)
    page = report.render(analysis.from_result(json.loads(json.dumps(outcome.result()))))
    for kept, refused in ((9, "–"), (5, "4 noisy"), (1, "8 noisy")):
        assert f"<td class=n>9</td><td class=n>{kept}</td><td>{refused}</td>" in page


@pytest.mark.torch
def test_studies_sift_with_the_filter_of_datasets():
    """Real images that weren't trained on pass as samples, and the same with noise on them, or with others' masks, don't."""
    pytest.importorskip("torch")
    from services.synthesis import judge

    images, maps = arrays(48, 32)
    rng = np.random.default_rng(0)
    noisy = np.clip(images[40:] + rng.normal(0, 0.5, images[40:].shape), -1, 1).astype(np.float32)
    samples = np.concatenate([images[32:40], noisy, images[32:40]])
    wanted = np.concatenate([maps[32:], np.roll(maps[32:40], 4, axis=0)])
    sifted = judge.sift(images[:32], maps[:32], samples, wanted, 2, steps=120, seed=0, report=lambda *_: None)
    kept = sifted.kept
    assert kept[:8].sum() >= 6
    assert not kept[8:16].any()
    assert kept[16:].sum() <= 2
    assert sifted.counts()["drawn"] == 24
    assert sifted.counts()["kept"] + sum(sifted.counts()["reasons"].values()) == 24


@pytest.mark.torch
@pytest.mark.slow
def test_a_small_study_runs_resumes_and_never_tests_on_what_it_trained_on(tmp_path):
    pytest.importorskip("torch")
    found = study_set(18, 6)
    params = StudyParams(
        arms=("base", "crowd_synthetic", "crowd_shuffled", "pretrained", "synthetic_only"), curve=(), size=16, seeds=1, folds=2,
        base_images=(4,), steps=6, batch=4, generator_steps=9, synthetic_images=6, filter_steps=6,
    )  # fmt: skip
    ledger = FileLedger(tmp_path)
    first = list(runner.run_all(found, params, ledger))
    assert len(first) == 10
    where = data.folds_of(found, 2, 0)
    for run, result in first:
        if run.arm != "base":
            # Nine steps draw noise, and that is what the filters call it.
            assert result["scores"] is None
            assert result["synthetic"]["drawn"] == 6
            assert sum(result["synthetic"]["reasons"].values()) > 2
            continue
        assert {int(where[i]) for i in result["test"]} == {run.fold}
        sets = runner._sets(found, params, where, run)
        groups = {found.groups[i] for i in sets.test}
        trained = [
            i
            for i in range(18)
            if any((found.images[i] == x).all() for x in np.concatenate([sets.base[0], sets.crowd[0]]))
        ]
        assert not groups & {found.groups[i] for i in trained}
    done = sorted(p.name for p in tmp_path.iterdir())
    again = list(runner.run_all(found, params, ledger))
    assert json.dumps([r for _, r in again]) == json.dumps([r for _, r in first])
    assert sorted(p.name for p in tmp_path.iterdir()) == done


@pytest.mark.torch
@pytest.mark.slow
def test_two_processes_find_what_one_finds_and_a_second_seed_draws_no_new_images(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    found = study_set(24, 8)
    params = StudyParams(
        arms=("base", "crowd", "crowd_synthetic"), curve=(0.5,), size=16, seeds=1, folds=2,
        base_images=(4,), steps=4, batch=4, generator_steps=9, synthetic_images=8, filter_steps=6,
    )  # fmt: skip
    monkeypatch.setattr(runner, "MIN_KEPT", 0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = list(runner.run_all(found, params, FileLedger(tmp_path / "one")))
        parallel.run(found, params, tmp_path / "two", 2)
        # In the other processes the least number of samples is what it is; the arms without any are the same.
        prints = runner.fingerprints(found, params)
        real = [prints.key(run) for run, _ in alone if run.kind != "crowd_synthetic"]
        for key in real:
            assert FileLedger(tmp_path / "two").get(key) == FileLedger(tmp_path / "one").get(key)
        monkeypatch.setattr(runner, "_generate", lambda *_: pytest.fail("a generator was trained again"))
        more = replace(params, seeds=2)
        assert len(list(runner.run_all(found, more, FileLedger(tmp_path / "one")))) == 2 * len(alone)
        other = runner.fingerprints(found, replace(params, generator_steps=10))
        assert other.plain == prints.plain
        assert other.synthetic != prints.synthetic
        assert runner.fingerprints(found, replace(params, steps=5)).plain != prints.plain
    finally:
        torch.set_num_threads(threads)
