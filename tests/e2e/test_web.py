"""The web client in real Chromium against a platform of its own: a volunteer's path, a lab's path, every page at three widths."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.demo.data import load
from services.cli.demo.seed import seed
from tests.e2e.conftest import ROOT, Up

pytestmark = pytest.mark.e2e
CHROMIUM = os.environ.get("BRAMBLE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.parametrize(
    "spec", ["volunteer", "lab", "pages", "decoder", "learning", "offline", "canvas", "everyone"]
)
def test_in_chromium(spec: str, up: Up) -> None:
    with up.lab() as lab:
        seeded = seed(lab, load(slabs=6, per_slab=4), quorum=5)
        # Whether a rater's next image is gold is drawn by a hash of their id: with half of them gold, twelve in a row without any
        # don't happen (0.02 %), with the demo's share they would in one run of seven.
        lab.patch(f"/projects/{seeded.project['id']}", {"gold_share": 0.5})
    run(spec, BRAMBLE_URL=up.url)


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
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
