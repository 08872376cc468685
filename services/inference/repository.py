"""Drupelet as a model repository for NVIDIA Triton: what `BRAMBLE_INFERENCE_URL` expects to find there.

Two backends run the same ONNX file: `onnxruntime`, which NVIDIA's images have (CPU, and GPU by `--model-config-name=gpu`), and `python`,
for a Triton that has nothing else: its `model.py` calls ONNX Runtime on the CPU and needs `onnxruntime` and `numpy<2` beside it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from services.inference.models import DRUPELET, DRUPELET_VERSION, VERSIONS
from shared.errors import InvalidInput

BACKENDS = ("onnxruntime", "python")
NAME = "drupelet"
MAX_BATCH = 16
_CONFIG = """name: "{name}"
backend: "{backend}"
max_batch_size: {batch}
input [
  {{ name: "image" data_type: TYPE_FP32 dims: [ 3, -1, -1 ] }},
  {{ name: "prompts" data_type: TYPE_FP32 dims: [ 4, -1, -1 ] }}
]
output [
  {{ name: "logits" data_type: TYPE_FP32 dims: [ 1, -1, -1 ] }},
  {{ name: "iou" data_type: TYPE_FP32 dims: [ 1 ] }}
]
version_policy: {{ all {{ }} }}
instance_group [ {{ count: {count} kind: {kind} }} ]
dynamic_batching {{ max_queue_delay_microseconds: 2000 }}
"""
_MODEL = '''"""Runs model.onnx on the CPU. Requests that came together and are of one size are one batch."""

import os

import numpy as np
import onnxruntime
import triton_python_backend_utils as triton


class TritonPythonModel:
    def initialize(self, args):
        path = os.path.join(args["model_repository"], args["model_version"], "model.onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.inputs = [one.name for one in self.session.get_inputs()]
        self.outputs = [one.name for one in self.session.get_outputs()]

    def execute(self, requests):
        given = [[triton.get_input_tensor_by_name(r, n).as_numpy() for n in self.inputs] for r in requests]
        alike = {}
        for number, arrays in enumerate(given):
            alike.setdefault(tuple(a.shape[1:] for a in arrays), []).append(number)
        answers = [None] * len(requests)
        for numbers in alike.values():
            joined = [np.concatenate([given[n][i] for n in numbers]) for i in range(len(self.inputs))]
            found = self.session.run(None, dict(zip(self.inputs, joined)))
            start = 0
            for n in numbers:
                end = start + len(given[n][0])
                tensors = [triton.Tensor(name, f[start:end]) for name, f in zip(self.outputs, found)]
                answers[n] = triton.InferenceResponse(tensors)
                start = end
        return answers
'''


def write_repository(folder: Path, backend: str = "onnxruntime", *, weights: Path = DRUPELET) -> list[Path]:
    """Write `folder/drupelet` with its configuration and the weights of each version; answers the files, relative to `folder`. Raises
    InvalidInput for another backend, or where the newest version's weights are missing."""
    if backend not in BACKENDS:
        raise InvalidInput(
            f"There is no backend {backend!r} for Drupelet; there are {' and '.join(BACKENDS)}."
        )
    if not weights.exists():
        raise InvalidInput(f"Drupelet's weights aren't here ({weights.name}).")
    place = folder / NAME
    # All versions are there, so that `BRAMBLE_DRUPELET_VERSION` goes back without a copy; the newest answers where none is named.
    files = {**{number: file for number, (file, _) in VERSIONS.items()}, DRUPELET_VERSION: weights}
    for number, file in files.items():
        if not file.exists():
            continue
        version = place / number
        version.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, version / "model.onnx")
        if backend == "python":
            (version / "model.py").write_text(_MODEL)
    cpu = _CONFIG.format(name=NAME, backend=backend, batch=MAX_BATCH, count=2, kind="KIND_CPU")
    (place / "config.pbtxt").write_text(cpu)
    if backend != "python":
        gpu = _CONFIG.format(name=NAME, backend=backend, batch=MAX_BATCH, count=1, kind="KIND_GPU")
        (place / "configs").mkdir(exist_ok=True)
        (place / "configs" / "gpu.pbtxt").write_text(gpu)
    return sorted(_files(place, folder))


def _files(place: Path, folder: Path) -> Iterator[Path]:
    return (path.relative_to(folder) for path in place.rglob("*") if path.is_file())
