"""crowd-kit's segmentation methods on masks handed over in a file: run by an interpreter that has crowd-kit, without anything of ours.

    PYTHON benchmarks/crowdkit_peer.py IN.npz OUT.npz METHOD …     (METHOD: majority, rasa, em)

IN holds ``tasks`` (N,), ``workers`` (N,) and one array ``m<k>`` a mask, bits packed, with ``shapes`` (N, 2).
OUT holds the CPU seconds of each method as ``seconds_<method>``, and ``<method>/<task>``, bits packed.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
from crowdkit.aggregation import SegmentationEM, SegmentationMajorityVote, SegmentationRASA

METHODS = {"majority": SegmentationMajorityVote, "rasa": SegmentationRASA, "em": SegmentationEM}


def main() -> None:
    source, target, *methods = sys.argv[1:]
    given = np.load(source)
    shapes = given["shapes"]
    masks = [
        np.unpackbits(given[f"m{k}"], count=int(h) * int(w)).reshape(h, w).astype(bool)
        for k, (h, w) in enumerate(shapes)
    ]
    frame = pd.DataFrame({"task": given["tasks"], "worker": given["workers"], "segmentation": masks})
    out: dict[str, np.ndarray] = {}
    for name in methods:
        start = time.process_time()
        found = METHODS[name]().fit_predict(frame)
        out[f"seconds_{name}"] = np.array(time.process_time() - start)
        for task, mask in found.items():
            out[f"{name}/{task}"] = np.packbits(np.asarray(mask, bool))
    np.savez(target, **out)


if __name__ == "__main__":
    main()
