"""The serving process never imports what only workers need."""

import subprocess
import sys

HEAVY = ("torch", "diffusers", "monai", "accelerate", "scipy", "skimage")


def imported_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_serving_imports_nothing_heavy():
    assert imported_by("services.synthesis.main") == set()


def test_a_worker_that_builds_datasets_imports_no_torch():
    assert imported_by("services.synthesis.worker") == set()
