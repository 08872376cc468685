"""A Stable Diffusion of a few thousand random weights, written as diffusers writes a real one: the loading code is the same."""

from __future__ import annotations

import json
from pathlib import Path


def write(
    folder: Path, *, width: int = 16, prediction: str = "epsilon", controlnet: bool = False, seed: int = 0
) -> Path:
    """The folder, with all parts. Pixels a latent: 8, as with a real one; images are 32 squared."""
    import torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.controlnets.controlnet import ControlNetModel
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(seed)
    folder.mkdir(parents=True)
    letters = [chr(c) for c in range(33, 127)]
    vocab = [*letters, *(c + "</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(vocab)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16)
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(vocab), hidden_size=width, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
            max_position_embeddings=16, bos_token_id=len(vocab) - 2, eos_token_id=len(vocab) - 1,
        )
    )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=4, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, attention_head_dim=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, latent_channels=4, norm_num_groups=4, sample_size=32,
    )  # fmt: skip
    parts = {"vae": vae, "unet": unet, "text_encoder": text, "tokenizer": tokenizer}
    parts["scheduler"] = DDIMScheduler(prediction_type=prediction)
    if controlnet:
        parts["controlnet"] = ControlNetModel.from_unet(unet, conditioning_channels=3)
        torch.nn.init.constant_(parts["controlnet"].controlnet_mid_block.bias, 0.25)
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    return folder
