"""The demo project: axial slices of the MNI152 T1 template that the package nilearn ships, with its tissue maps as truth.

Real MRI, averaged over 152 people (Fonov et al. 2011, ICBM 2009a nonlinear symmetric), 1 mm. Only nilearn's data files are read, with
nibabel; nilearn itself isn't imported. There is one brain, so `group` is a slab of neighbouring slices with a gap to the next slab:
an honest split of this project tells about other slabs of the same template, not about other people.
"""

from __future__ import annotations

import importlib.util
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Mask = NDArray[np.bool_]

NAME = "Brain tissue in MRI (demo)"
SUMMARY = "Outline grey and white matter in slices of a brain MRI, so that a computer can learn to do it."
LABELS = [
    {"name": "white matter", "color": "#ffb000", "description": "The bright inner tissue."},
    {
        "name": "grey matter",
        "color": "#648fff",
        "description": "The darker ribbon around it, and the deep nuclei.",
    },
]
INSTRUCTIONS = """\
## What you see
A slice through the head, seen from below: the front is at the top. The **bright** tissue in the middle is white matter, the
**darker band** that follows its folds is grey matter. Black is fluid or outside of the brain.

## What to do
1. Choose *white matter* (key `1`). Click inside the bright tissue with the magic pointer, or paint it with the brush (`b`).
2. Choose *grey matter* (key `2`) and do the same for the darker band.
3. Mend the edge with brush and eraser (`e`). A pixel or two don't matter; a missing fold does.
4. Submit (`Ctrl+Enter`). If there is no tissue in the slice, say **Nothing here**: that is an answer too.

Some slices have a known answer; after those you see how you compared. Don't worry, nobody is graded.
"""


@dataclass(frozen=True, slots=True)
class Slice:
    """One axial slice. `image` uint8 (H, W), rows from front to back; `truth` label index (as in LABELS) → bool (H, W)."""

    name: str
    group: str
    image: NDArray[np.uint8]
    truth: tuple[Mask, ...]
    is_gold: bool

    def png(self) -> bytes:
        """The slice as an 8-bit grey PNG."""
        buffer = io.BytesIO()
        Image.fromarray(self.image).save(buffer, "PNG")
        return buffer.getvalue()


def template_folder() -> Path:
    """Where nilearn keeps its data files. Raises FileNotFoundError, with what to install, when it isn't there."""
    spec = importlib.util.find_spec("nilearn")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            2, "nilearn isn't installed, whose MRI template the demo shows; install bramble[demo]", "nilearn"
        )
    return Path(spec.origin).parent / "datasets" / "data"


def load(slabs: int = 8, per_slab: int = 6, gold_per_slab: int = 1) -> list[Slice]:
    """`slabs` × `per_slab` slices, 2 mm apart within a slab and 5 mm between slabs, `gold_per_slab` of each slab gold.

    The truth is the tissue map at 0.5 probability or more; where both maps are, the larger one counts.
    """
    import nibabel

    folder = template_folder()
    volumes = [
        np.asarray(nibabel.load(folder / f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz").dataobj)
        for kind in ("t1", "wm", "gm")
    ]
    t1, white, grey = volumes
    # A stack from the base of the cerebrum to the vertex; above and below there is little of either tissue.
    length = (per_slab - 1) * 2
    gap = 5
    first = max(30, 90 - (slabs * length + (slabs - 1) * gap) // 2)
    slices = []
    for slab in range(slabs):
        for k in range(per_slab):
            z = first + slab * (length + gap) + 2 * k
            wm, gm = _axial(white, z), _axial(grey, z)
            truth = ((wm >= 128) & (wm >= gm), (gm >= 128) & (gm > wm))
            picture = np.ascontiguousarray(_axial(t1, z))
            slices.append(
                Slice(
                    name=f"mni152-z{z:03d}.png",
                    group=f"mni152-slab-{slab + 1}",
                    image=picture,
                    truth=truth,
                    is_gold=k in _spread(per_slab, gold_per_slab),
                )
            )
    return slices


def _axial(volume: NDArray[np.uint8], z: int) -> NDArray[np.uint8]:
    # The array is RAS: columns grow to the right, rows to the front; a picture's rows grow downwards.
    return volume[:, ::-1, z].T


def _spread(n: int, k: int) -> set[int]:
    return {int((i + 0.5) * n / k) for i in range(k)}
