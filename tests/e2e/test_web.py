"""The web client in real Chromium against a platform of its own: a volunteer's path, a lab's path, every page at three widths."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from services.cli.demo.data import load
from services.cli.demo.seed import seed
from services.synthesis.store import Store
from shared.blobs import create_blobs
from shared.clock import SystemClock
from shared.db.session import Database
from shared.settings import Settings
from tests.e2e.conftest import ROOT, Up
from tests.samples import add_samples

pytestmark = pytest.mark.e2e
# As in harness.mjs: how long a step of a spec may take; more on a machine that others load.
PATIENCE_S = float(os.environ.get("BRAMBLE_PATIENCE_S", "15"))
CHROMIUM = os.environ.get("BRAMBLE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.parametrize(
    "spec",
    [
        "volunteer", "lab", "pages", "decoder", "learning", "offline", "canvas", "everyone",
        pytest.param(
            "looks",
            marks=pytest.mark.skipif(
                "BRAMBLE_LOOKS" not in os.environ, reason="make looks: not yet seen to hold on other machines"
            ),
        ),
    ],
)  # fmt: skip
def test_in_chromium(spec: str, up: Up) -> None:
    with up.lab() as lab:
        seeded = seed(lab, load(slabs=6, per_slab=4), quorum=5)
        # Whether a rater's next image is gold is drawn by a hash of their id: with half of them gold, twelve in a row without any
        # don't happen (0.02 %), with the demo's share they would in one run of seven.
        lab.patch(f"/projects/{seeded.project['id']}", {"gold_share": 0.5})
    run(spec, BRAMBLE_URL=up.url)


def test_the_game_of_real_and_synthetic_images(up: Up) -> None:
    """Every image labelled by the lab, and samples put where a worker would have left them."""
    pieces = [replace(piece, is_gold=True) for piece in load(slabs=2, per_slab=5)]
    with up.lab() as lab:
        project = seed(lab, pieces, quorum=5).project["id"]
    db = Database(Settings(data_dir=up.folder).database_url_for("synthesis"))  # type: ignore[call-arg]
    store, deadline = Store(db, SystemClock()), time.monotonic() + 60
    while len(labelled := [item.image_id for item in store.items(project)]) < len(pieces):
        assert time.monotonic() < deadline, "the gold masks didn't arrive"
        time.sleep(0.05)
    add_samples(db, create_blobs("", up.folder), project, labelled[:5], kept=12, size=64)
    db.close()
    run("game", BRAMBLE_URL=up.url, BRAMBLE_GAME=project)


def test_a_consent_that_changes(up: Up) -> None:
    with up.lab() as lab:
        seeded = seed(lab, load(slabs=2, per_slab=4), quorum=5)
        # No comparison comes between an answer and the next image.
        lab.patch(f"/projects/{seeded.project['id']}", {"gold_share": 0})
    run(
        "consent",
        BRAMBLE_URL=up.url,
        BRAMBLE_PYTHON=sys.executable,
        BRAMBLE_GATEWAY_DB=str(up.folder / "db" / "gateway.db"),
    )


def test_a_server_killed_in_the_middle_of_the_work() -> None:
    """The spec starts, kills and restarts a platform of its own."""
    run("restart", BRAMBLE_PYTHON=sys.executable)


def run(spec: str, **more: str) -> None:
    if CHROMIUM is None:
        if os.environ.get("BRAMBLE_SKIP_REAL") == "1":
            pytest.skip("there is no Chromium, and BRAMBLE_SKIP_REAL=1 allows that")
        pytest.fail("there is no Chromium; install Debian's `chromium`, or name one in BRAMBLE_CHROMIUM")
    assert (ROOT / "services/web/dist/index.html").is_file(), "the web client isn't built; run `make web`"
    env = {**os.environ, "BRAMBLE_CHROMIUM": CHROMIUM, **more}
    script = Path("tests/e2e/web") / f"{spec}.spec.mjs"
    done = subprocess.run(
        ["node", "--test", str(script)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=600 * max(1.0, PATIENCE_S / 15),
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
