"""Drupelet's network: an early-fusion click U-Net with appearance matching inside the graph.

Shape of the idea: ScribblePrompt (Wong et al., ECCV 2024) fuses image and prompts at the input of a U-Net; RITM (Sofiiuk et
al., 2021) feeds the previous mask back. Two additions make a small net transfer to unseen modalities: (1) histograms of the
intensities under the clicks and under the previous mask are taken *in the graph* and back-projected (Swain & Ballard 1991),
so that "looks like what was pointed at" is an input and needn't be learnt; (2) one attention layer on the 1/8 grid lets far
regions compare their texture with the clicked one.

Only Conv, BatchNorm (folded at export), ReLU, Resize, MatMul, Softmax and elementwise ops are used, all of which
onnxruntime-web runs under WASM.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

PROMPT_CHANNELS = 4
"""positive disks, negative disks, filled box, previous probability."""
BINS = 16


def _conv(cin: int, cout: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):  # type: ignore[misc]
    """Two 3x3 convolutions and a shortcut (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.a = _conv(channels, channels)
        self.b = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.b(self.a(x)))


class Attention(nn.Module):  # type: ignore[misc]
    """Self-attention over the cells of a grid, residual. (B, C, h, w) -> same."""

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads, self.dim = heads, channels // heads
        self.norm = nn.BatchNorm2d(channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(b, 3, self.heads, self.dim, h * w).unbind(1)
        weight = torch.softmax(q.transpose(-1, -2) @ k * self.dim**-0.5, dim=-1)
        mixed = (v @ weight.transpose(-1, -2)).reshape(b, c, h, w)
        return x + self.out(mixed)


def appearance(image: Tensor, prompts: Tensor) -> Tensor:
    """Back-projected histograms. image (B, 3, h, w) normalised, prompts (B, 4, h, w) -> (B, 4, h, w).

    Channels: likeness to the positive clicks, to the negative ones, inside and outside of the previous mask; each is the
    mean over colour channels of the share of the marked pixels in this pixel's (soft) intensity bin. All zero where
    nothing is marked.
    """
    b, c, h, w = image.shape
    level = torch.clamp(image * 2.5 + BINS / 2, 0, BINS - 1)
    centre = torch.arange(BINS, dtype=image.dtype, device=image.device).reshape(1, 1, BINS, 1, 1)
    bins = F.relu(1.5 - (level.unsqueeze(2) - centre).abs()).reshape(b, c * BINS, h * w)
    prev = prompts[:, 3:4]
    region = torch.cat(
        [prompts[:, 0:1], prompts[:, 1:2], prev, (1 - prev) * (prev.amax((2, 3), keepdim=True))], 1
    )
    region = region.reshape(b, 4, h * w)
    histogram = region @ bins.transpose(1, 2)
    histogram = histogram / (region.sum(-1, keepdim=True) + 1e-3)
    return (histogram @ bins).reshape(b, 4, h, w) / c


class Drupelet(nn.Module):  # type: ignore[misc]
    """image (B, 3, S, S) in [0, 1], prompts (B, 4, S, S) in [0, 1], S a multiple of 16 -> logits (B, 1, S, S), IoU (B, 1)."""

    def __init__(self, width: tuple[int, int, int, int] = (32, 64, 112, 160)) -> None:
        super().__init__()
        c1, c2, c3, c4 = width
        self.fine = _conv(3 + PROMPT_CHANNELS, 12)
        self.stem = _conv(3 + PROMPT_CHANNELS, c1, stride=2, kernel=5)
        self.mix = _conv(c1 + 4, c1)
        self.enc1 = Residual(c1)
        self.enc2 = nn.Sequential(_conv(c1, c2, 2), Residual(c2))
        self.enc3 = nn.Sequential(_conv(c2, c3, 2), Residual(c3), Attention(c3))
        self.enc4 = nn.Sequential(_conv(c3, c4, 2), Residual(c4), Attention(c4))
        self.up3, self.dec3 = _conv(c4, c3, kernel=1), nn.Sequential(_conv(2 * c3, c3), Residual(c3))
        self.up2, self.dec2 = _conv(c3, c2, kernel=1), nn.Sequential(_conv(2 * c2, c2), Residual(c2))
        self.up1, self.dec1 = _conv(c2, c1, kernel=1), _conv(2 * c1, c1)
        self.up0, self.dec0 = _conv(c1, 12, kernel=1), _conv(24, 16)
        self.head = nn.Conv2d(16, 1, 3, padding=1)
        self.quality = nn.Sequential(nn.Linear(c4 + c1, 32), nn.ReLU(inplace=True), nn.Linear(32, 1))

    def forward(self, image: Tensor, prompts: Tensor) -> tuple[Tensor, Tensor]:
        mean = image.mean((1, 2, 3), keepdim=True)
        std = ((image - mean) ** 2).mean((1, 2, 3), keepdim=True).sqrt()
        image = torch.clamp((image - mean) / (std + 0.02), -4, 4)
        half = appearance(F.avg_pool2d(image, 2), F.avg_pool2d(prompts, 2))
        x = torch.cat([image, prompts], 1)
        fine = self.fine(x)
        e1 = self.enc1(self.mix(torch.cat([self.stem(x), half], 1)))
        e2 = self.enc2(e1)
        e3 = self.enc3(e2)
        e4 = self.enc4(e3)
        d = self.dec3(torch.cat([self._up(self.up3(e4)), e3], 1))
        d = self.dec2(torch.cat([self._up(self.up2(d)), e2], 1))
        d1 = self.dec1(torch.cat([self._up(self.up1(d)), e1], 1))
        d = self.dec0(torch.cat([self._up(self.up0(d1)), fine], 1))
        logits = self.head(d)
        # Clicks are skip-connected into the answer's frame by the head alone; the caller's click rule does the rest.
        inside = torch.sigmoid(F.avg_pool2d(logits, 2)).detach()
        pooled = (d1 * inside).mean((2, 3)) / (inside.mean((2, 3)) + 1e-3)
        quality = torch.sigmoid(self.quality(torch.cat([e4.mean((2, 3)), pooled], 1)))
        return logits, quality

    @staticmethod
    def _up(x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
