"""The commands that need no server: what they answer to bad input, and with which exit code."""

from __future__ import annotations

import json

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from services.cli.main import app
from tests.unit.synthesis.phantoms import phantom


def call(*args: str):
    return CliRunner().invoke(app, list(args))


def test_a_study_of_three_images_is_refused_with_what_is_missing(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for number in range(3):
        pixels, label_map = phantom(rng, 32)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
        Image.fromarray(label_map).save(tmp_path / "masks" / f"{number}.png")
    done = call("study", str(tmp_path), "--out", str(tmp_path / "out"))
    assert done.exit_code == 2
    assert "needs at least 24 images" in done.output
    assert not (tmp_path / "out").exists()
    assert "no arm" in call("study", str(tmp_path), "--arms", "base,magic").output


def test_verify_tells_a_dataset_from_anything_else(tmp_path):
    done = call("dataset", "verify", str(tmp_path))
    assert (done.exit_code, "no checksums.sha256" in done.output) == (2, True)
    (tmp_path / "manifest.jsonl").write_text("")
    (tmp_path / "extra").write_text("x")
    (tmp_path / "checksums.sha256").write_text("")
    done = call("--json", "dataset", "verify", str(tmp_path))
    assert done.exit_code == 1
    assert json.loads(done.stdout)["ok"] is False
