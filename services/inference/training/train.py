"""Trains Drupelet: `python -m services.inference.training.train --data DIR --out DIR --minutes 50 --seed 7`.

Sizes alternate (64, 96, 128 px, larger ones more often in the second half: the engine looks at small views and mends at large
ones), the learning rate follows a cosine of the time spent, and an exponential moving average of the weights is what is exported. A
checkpoint is written every two minutes and training goes on from it with `--resume`; `--start FILE.onnx` begins with exported weights.
Reproducible to the last bit only with `--steps` (a clock decides otherwise where the cosine ends), one thread.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from services.inference.training.data import TRAINABLE, add_regions, read_items
from services.inference.training.net import Drupelet
from services.inference.training.sessions import SessionPool
from services.inference.training.tasks import TaskSource
from services.inference.training.warm import load_onnx, unfold

BATCH = {64: 32, 96: 16, 128: 12}
EARLY, LATE = (64, 96, 64, 128), (64, 128, 96, 128)


def loss_of(logits: Tensor, quality: Tensor, target: Tensor, prompts: Tensor) -> tuple[Tensor, Tensor]:
    """Soft Dice + focal cross-entropy (weighted up around the clicks) + squared error of the predicted IoU; mean IoU."""
    logits = logits.float()
    prob = torch.sigmoid(logits)
    weight = 1 + 2 * F.max_pool2d(prompts[:, :2].amax(1, keepdim=True), 7, 1, 3)
    bce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    focal = (weight * (prob - target).abs().detach().clamp(0.05) * bce).mean()
    inter = (prob * target).sum((1, 2, 3))
    dice = 1 - (2 * inter + 1) / (prob.sum((1, 2, 3)) + target.sum((1, 2, 3)) + 1)
    with torch.no_grad():
        hard, truth = logits > 0, target > 0.5
        iou = (hard & truth).sum((1, 2, 3)) / (hard | truth).sum((1, 2, 3)).clamp(min=1)
    score = (quality.float().squeeze(1) - iou) ** 2
    return dice.mean() + 2.0 * focal + 0.3 * score.mean(), iou


def train(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    items = read_items(Path(args.data), TRAINABLE, held=False)
    add_regions(items, out / "regions.npz")
    say({"items": len(items), "sets": {n: sum(i.dataset == n for i in items) for n in TRAINABLE}})
    source = TaskSource(items, rng)
    model = Drupelet()
    pools = {size: SessionPool(source, batch, size, rng) for size, batch in BATCH.items()}
    if args.start:
        model = load_onnx(Path(args.start))
        unfold(model, [pools[size].tensors()[:2] for size in (64, 96, 128, 128)])
    model = model.to(memory_format=torch.channels_last)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-4)
    done, spent = 0, 0.0
    if args.resume:
        state = torch.load(args.resume, weights_only=True)
        model.load_state_dict(state["model"])
        average, done, spent = state["average"], state["step"], state["spent"]
        optimiser.load_state_dict(state["optimiser"])
    began, saved = time.monotonic() - spent, time.monotonic()
    seen: list[float] = []
    losses: list[float] = []
    while True:
        spent = time.monotonic() - began
        part = done / args.steps if args.steps else spent / (args.minutes * 60)
        if part >= 1:
            break
        cycle = EARLY if part < 0.5 else LATE
        size = cycle[done % len(cycle)]
        pool = pools[size]
        lr = float(args.lr * min(1.0, (done + 1) / 200) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * part))))
        for group in optimiser.param_groups:
            group["lr"] = lr
        image, prompts, target = pool.tensors()
        model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
            logits, quality = model(image.to(memory_format=torch.channels_last), prompts)
        loss, iou = loss_of(logits, quality, target, prompts)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimiser.step()
        pool.advance(torch.sigmoid(logits.detach().float())[:, 0].numpy())
        done += 1
        keep = min(0.998, done / (done + 20))
        with torch.no_grad():
            for name, value in model.state_dict().items():
                if value.is_floating_point():
                    average[name].lerp_(value, 1 - keep)
                else:
                    average[name].copy_(value)
        losses.append(float(loss.detach()))
        seen.append(float(iou.mean()))
        if done % 100 == 0:
            say({"step": done, "min": round(spent / 60, 1), "cpu_min": round(time.process_time() / 60, 1), "lr": round(float(lr), 6),
                 "loss": round(float(np.mean(losses[-100:])), 4), "iou": round(float(np.mean(seen[-100:])), 4)})  # fmt: skip
        if time.monotonic() - saved > 120:
            save(out, model, average, optimiser, done, spent)
            saved = time.monotonic()
    save(out, model, average, optimiser, done, spent)
    say({"done": done, "minutes": round(spent / 60, 1)})


def save(
    out: Path,
    model: nn.Module,
    average: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
    step: int,
    spent: float,
) -> None:
    state = {
        "model": model.state_dict(),
        "average": average,
        "optimiser": optimiser.state_dict(),
        "step": step,
        "spent": spent,
    }
    torch.save(state, out / "last.tmp")
    (out / "last.tmp").replace(out / "last.pt")


def say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", default="")
    parser.add_argument("--start", default="", help="an exported Drupelet (.onnx) to begin with")
    parser.add_argument(
        "--bf16", action="store_true", help="only on a CPU with AVX512-BF16 or AMX: elsewhere 8 times slower"
    )
    train(parser.parse_args())
