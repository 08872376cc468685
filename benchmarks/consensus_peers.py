"""What people would use instead of our consensus, on the same masks: SimpleITK's STAPLE and crowd-kit.

crowd-kit pulls transformers, so it is no dependency of ours: it runs in an interpreter of its own, named by BRAMBLE_CROWDKIT_PYTHON
(`python3 -m venv ck && ck/bin/pip install crowd-kit`, about 800 MB); without one its rows are left out by name.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from services.consensus.domain.votes import ImageVotes
from shared.imaging import rle


def simpleitk(votes: ImageVotes) -> np.ndarray:
    """STAPLE of ITK, bool (H, W)."""
    import SimpleITK as sitk  # noqa: N813

    planes = [sitk.GetImageFromArray(rle.decode(m).astype(np.uint8)) for m in votes.masks]
    return np.asarray(sitk.GetArrayFromImage(sitk.STAPLE(planes, 1.0)) >= 0.5)


@cache
def crowdkit_python() -> str | None:
    """An interpreter that has crowd-kit, or None."""
    python = os.environ.get("BRAMBLE_CROWDKIT_PYTHON") or sys.executable
    try:
        found = subprocess.run([python, "-c", "import crowdkit, pandas"], capture_output=True, check=False)
    except OSError:
        return None
    return python if found.returncode == 0 else None


def crowdkit(
    votes: Sequence[ImageVotes], methods: Sequence[str] = ("majority", "rasa", "em")
) -> dict[str, tuple[list[np.ndarray], float]]:
    """Masks in the order of ``votes`` and CPU seconds, by method; call it only where :func:`crowdkit_python` answers."""
    python = crowdkit_python()
    assert python is not None
    rows = [(v.image, r, rle.decode(m)) for v in votes for r, m in zip(v.raters, v.masks, strict=True)]
    with tempfile.TemporaryDirectory(prefix="bramble-crowdkit-") as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(
            source,
            tasks=np.array([row[0] for row in rows]),
            workers=np.array([row[1] for row in rows]),
            shapes=np.array([row[2].shape for row in rows]),
            **{f"m{k}": np.packbits(row[2]) for k, row in enumerate(rows)},
        )
        script = Path(__file__).with_name("crowdkit_peer.py")
        subprocess.run([python, script, source, target, *methods], check=True, stdin=subprocess.DEVNULL)
        out = np.load(target)
        return {
            name: (
                [
                    np.unpackbits(out[f"{name}/{v.image}"], count=v.size[0] * v.size[1])
                    .reshape(v.size)
                    .astype(bool)
                    for v in votes
                ],
                float(out[f"seconds_{name}"]),
            )
            for name in methods
        }
