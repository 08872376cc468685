"""Training goes on from an exported file: `train --start weights/drupelet-v1.onnx`, where the checkpoint is no longer at hand.

Export folds each batch norm into its convolution. Here it is unfolded again: the convolution keeps the folded weights, and its
batch norm gets the mean and variance that the convolution gives on training batches, with scale and shift that undo them. The
network computes what the file computes, and in training mode, where the batch's own mean and variance count, nearly so.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

from services.inference.training.net import Drupelet


def load_onnx(path: Path) -> Drupelet:
    """The exported network with identity batch norms behind the folded convolutions, in eval mode. Raises KeyError where the file is of
    another architecture."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    arrays = {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer}
    model = Drupelet()
    state = model.state_dict()
    known = {name: arrays[name] for name in state if name in arrays}
    for node in graph.node:
        if node.op_type != "Conv" or node.input[1] in state:
            continue
        name = _module(node.name)
        known[f"{name}.weight"] = arrays[node.input[1]]
        norm = f"{name[:-2]}.{int(name[-1]) + 1}"
        eps = model.get_submodule(norm).eps
        known[f"{norm}.bias"] = arrays[node.input[2]]
        known[f"{norm}.weight"] = torch.ones_like(arrays[node.input[2]])
        known[f"{norm}.running_mean"] = torch.zeros_like(arrays[node.input[2]])
        known[f"{norm}.running_var"] = torch.full_like(arrays[node.input[2]], 1 - eps)
    missing = [n for n in state if n not in known and not n.endswith("num_batches_tracked")]
    if missing:
        raise KeyError(f"{path.name} has no weights for {', '.join(missing[:5])}")
    model.load_state_dict(known, strict=False)
    model.eval()
    return model


def _module(node: str) -> str:
    """`/enc2/enc2.1/a/a.0/Conv` -> `enc2.1.a.0`: a child of a Sequential repeats its parent's name in the exporter's."""
    path, last = "", ""
    for part in node.strip("/").split("/")[:-1]:
        path += part[len(last) :] if last and part.startswith(last + ".") else ("." if path else "") + part
        last = part
    return path


def unfold(model: Drupelet, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Give the batch norms the statistics of (image, prompts) batches without a change of what the network computes; in place."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    sums: dict[nn.Module, list[Tensor]] = {m: [] for m in norms}

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0]
        sums[module].append(torch.stack([x.mean((0, 2, 3)), (x**2).mean((0, 2, 3))]))

    hooks = [m.register_forward_pre_hook(note) for m in norms]
    model.eval()
    with torch.no_grad():
        for image, prompts in batches:
            model(image, prompts)
        for hook in hooks:
            hook.remove()
        for norm in norms:
            mean, square = torch.stack(sums[norm]).mean(0)
            var = (square - mean**2).clamp(min=1e-4)
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            norm.bias += gain * (mean - norm.running_mean)
            norm.weight.copy_(gain * torch.sqrt(var + norm.eps))
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(var)
