"""What a generator's samples are worth by solver, number of steps and guidance: share kept by the filters, refound Dice, grain, CPU time.

    python benchmarks/samplers.py --set ../shared/data/wbc_bloodsmear

One generator is trained on two thirds of the set's images (by group) with their masks; each setting draws for the same masks from the same
noise, and the same judges sift. One JSON line a setting.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

# Before torch: threads that spin while they wait starve each other on a shared machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from common import figure

from services.synthesis import judge
from services.synthesis.domain import filters
from services.synthesis.domain.masks import draw_masks
from services.synthesis.domain.params import TrainParams
from services.synthesis.study.data import folds_of, from_folder
from services.synthesis.training import denoiser, diffusion, sampling
from services.synthesis.training.progress import silent
from services.synthesis.training.samplers import SAMPLERS


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--set", type=Path, required=True, help="folder with images and masks, see `bramble study`"
    )
    parser.add_argument(
        "--weights", type=Path, help="keep the trained generator here, and use it when it is there"
    )
    parser.add_argument("--train-steps", type=int, default=2400)
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--steps", default="8,16,25")
    parser.add_argument("--guidance", default="1.25")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    data = from_folder(args.set, 64, args.seed)
    known = np.flatnonzero((folds_of(data, 3, args.seed) != 0) & data.has_expert)
    images, maps = data.images[known], data.expert[known]
    if args.weights and args.weights.exists():
        generator = denoiser.load_weights(args.weights.read_bytes())
    else:
        params = TrainParams(max_steps=args.train_steps, max_seconds=86400, seed=args.seed)
        generator = diffusion.train(images, maps, data.classes, params)
        if args.weights:
            args.weights.write_bytes(denoiser.save_weights(generator))
    rng = np.random.default_rng([args.seed, 41])
    wanted = np.stack([d.label_map for d in draw_masks(list(maps), args.samples, data.classes, rng)[0]])
    for sampler in SAMPLERS:
        for steps in (int(n) for n in args.steps.split(",")):
            for guidance in (float(g) for g in args.guidance.split(",")):
                before = time.process_time()
                made = sampling.sample(
                    generator, wanted, steps=steps, guidance=guidance, seed=args.seed, sampler=sampler
                )
                drawn = np.stack(list(made))
                spent = time.process_time() - before
                sifted = judge.sift(
                    images, maps, drawn, wanted, data.classes, steps=250, seed=args.seed, report=silent
                )
                counts = sifted.counts()
                figure(
                    "sampler_kept",
                    counts["kept"] / counts["drawn"],
                    "",
                    set=args.set.name,
                    sampler=sampler,
                    steps=steps,
                    guidance=guidance,
                    dice=round(float(np.mean(sifted.dice)), 3),
                    grain=round(float(np.median(filters.grain(drawn))), 4),
                    cpu_s_an_image=round(spent / len(drawn), 3),
                    reasons=counts["reasons"],
                    drawn=counts["drawn"],
                )
    sys.stderr.write(
        f"real images' grain: {np.quantile(filters.grain(images), [0.05, 0.5, 0.95]).round(4)}\n"
    )


if __name__ == "__main__":
    main()
