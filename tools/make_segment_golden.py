"""Golden vectors for the engine's port to TypeScript: `python tools/make_segment_golden.py`.

Writes services/web/tests/golden/segment.json: synthetic frames, prompts and the answers of the Python engine in process (ONNX Runtime),
and small inputs and outputs of its parts. vitest runs the port with onnxruntime-web and the same weights against them. Run it again
after a change of the engine, its numbers or the weights; the file names the weights' SHA-256.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
OUT = ROOT / "services/web/tests/golden/segment.json"


def packed(array: npt.NDArray[Any]) -> dict[str, Any]:
    """Shape, type and zlib-compressed bytes of an array."""
    data = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 9)).decode()
    return {"shape": list(array.shape), "dtype": str(array.dtype), "data": data}


def picture(
    seed: int, height: int, width: int, colour: bool
) -> tuple[npt.NDArray[np.uint8], list[npt.NDArray[np.bool_]]]:
    """A frame with textured ellipses on a gradient with noise, uint8 (H, W, 3), and each ellipse's mask."""
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    yy, xx = np.mgrid[0:height, 0:width].astype(float)
    frame = np.repeat((60 + 50 * xx / width + 30 * np.sin(yy / 17))[..., None], 3, axis=2)
    found = []
    for k in range(3):
        cy, cx = rng.uniform(0.25, 0.75) * height, (0.2 + 0.3 * k) * width
        ry, rx = rng.uniform(0.1, 0.25) * height, rng.uniform(0.08, 0.15) * width
        mask = ((yy - cy) / ry) ** 2 + ((xx - cx) / rx) ** 2 <= 1
        shade = rng.uniform(-60, 90, 3) if colour else np.repeat(rng.choice([-55.0, 70.0, 95.0]), 3)
        frame[mask] += shade
        found.append(mask)
    noise = ndimage.gaussian_filter(rng.normal(0, 25, (height, width)), 1.2)
    return np.clip(frame + noise[..., None], 0, 255).astype(np.uint8), found


def loop(
    image: npt.NDArray[np.uint8], truth: npt.NDArray[np.bool_], rounds: int, answer: Any
) -> list[dict[str, Any]]:
    """Cases of a click loop: after each click the answer so far goes with the next prompt, as the client does it."""
    from services.inference.domain.clicker import next_click
    from services.inference.domain.prompt import Prompt

    cases, clicks, mask = [], [], None
    for _ in range(rounds):
        click = next_click(np.zeros_like(truth) if mask is None else mask, truth)
        if click is None:
            break
        clicks.append(click)
        prompt = Prompt(tuple(clicks), mask=mask)
        found = answer(image, prompt)
        cases.append(case(prompt, found))
        mask = found.mask
    return cases


def case(prompt: Any, found: Any) -> dict[str, Any]:
    """One prompt and its answer, as JSON."""
    from shared.imaging import rle

    return {
        "points": [asdict(c) for c in prompt.points],
        "box": None if prompt.box is None else list(asdict(prompt.box).values()),
        "scribbles": [asdict(s) for s in prompt.scribbles],
        "mask": None if prompt.mask is None else rle.to_json(rle.encode(prompt.mask)),
        "answer": rle.to_json(rle.encode(found.mask)),
        "score": round(float(found.score), 5),
    }


def parts() -> dict[str, Any]:
    """Inputs and outputs of views, cuts, resampling, pasting and the walker."""
    from services.inference.domain.walker import solve
    from services.inference.domain.windows import Window, cut, paste, resample, view

    rng = np.random.default_rng(5)
    frame = rng.integers(0, 256, (50, 70, 3), dtype=np.uint8)
    mask = rng.random((50, 70)) < 0.4
    plane = rng.random((24, 24), dtype=np.float32)
    rows = []
    for window in (Window.whole(50, 70), Window(5, 3, 30), Window(-8, 20, 45), Window(30, 10, 17)):
        out = np.zeros((50, 70), np.float32)
        paste(out, plane, window)
        other = Window(window.x0 + 4, window.y0 - 3, window.side + 5)
        rows.append({
            "window": asdict(window), "other": asdict(other),
            "view": packed(view(frame, window, 32).transpose(2, 0, 1)), "cut": packed(cut(mask, window, 32)),
            "resample": packed(resample(plane, window, other, 24)), "paste": packed(out),
        })  # fmt: skip
    positive, negative = np.zeros((24, 24), bool), np.zeros((24, 24), bool)
    positive[8:10, 8:10], negative[0, :] = True, True
    image = rng.random((24, 24, 3), dtype=np.float32)
    gamma = rng.random((24, 24), dtype=np.float32)
    walked = solve(image, plane, gamma, positive, negative, beta=1.5, iterations=80)
    walk = {
        "image": packed(image.transpose(2, 0, 1)),
        "prior": packed(plane),
        "gamma": packed(gamma),
        "out": packed(walked),
    }
    return {
        "frame": packed(frame),
        "mask": packed(mask.astype(np.uint8)),
        "plane": packed(plane),
        "windows": rows,
        "walk": walk,
    }


def main() -> None:
    """Write the file."""
    from services.inference.domain.clicker import Click
    from services.inference.domain.prompt import Box, Prompt, Scribble
    from services.inference.models import DRUPELET, DrupeletSegmenter, digest
    from services.inference.runners import OnnxRunner

    model = DrupeletSegmenter(OnnxRunner(DRUPELET))

    def answer(image: npt.NDArray[np.uint8], prompt: Prompt) -> Any:
        return model.decode(model.encode(image), prompt)[0]

    frames = []
    for seed, (height, width, colour) in enumerate(
        [(128, 160, False), (200, 144, True), (40, 300, False), (24, 20, True)]
    ):
        image, objects = picture(seed, height, width, colour)
        cases = loop(image, objects[0], 5 if seed == 0 else 1, answer)
        rows, cols = np.nonzero(objects[1])
        box = Box(
            float(cols.min()) - 1.5, float(rows.min()), float(cols.max()) + 2.25, float(rows.max()) + 1.0
        )
        prompts = [Prompt(box=box), Prompt((Click(width / 2, height / 2, False),), box=box)]
        y, x = float(rows.mean()), float(cols.mean())
        stroke = Scribble(((x - 4, y - 2), (x, y), (x + 4.5, y + 3)), True)
        prompts.append(Prompt(scribbles=(stroke, Scribble(((0.0, 0.0), (3.0, 0.0)), False))))
        prompts.append(Prompt((Click(float(width), float(height), True),)))
        prompts.append(Prompt(mask=objects[2]))
        # The engine runs slowly in a busy CI: every kind of prompt once, spread over the frames.
        cases += [case(p, answer(image, p)) for p in prompts[seed :: 2 if seed else 4]]
        frames.append({"image": packed(image), "cases": cases})
    black = np.zeros((64, 64, 3), np.uint8)
    prompt = Prompt((Click(10.0, 12.0, True), Click(50.0, 40.0, False)))
    frames.append({"image": packed(black), "cases": [case(prompt, answer(black, prompt))]})
    OUT.parent.mkdir(parents=True, exist_ok=True)
    result = {"weights": digest(DRUPELET), "tuning": asdict(model.tuning), "parts": parts(), "frames": frames}
    OUT.write_text(json.dumps(result, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
