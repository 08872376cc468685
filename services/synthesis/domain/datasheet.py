"""DATASHEET.md: the questions of Gebru et al. 2021 ("Datasheets for datasets"), answered from what the platform knows.

What only the lab can answer is named as such instead of guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ASK = "*Only the lab can answer this.*"


def render(facts: Mapping[str, Any]) -> str:
    """Markdown; ``facts`` as the builder gathers them."""
    counts, splits = facts["counts"], facts["splits"]
    total = sum(counts[o] for o in ("real", "consensus", "synthetic"))
    shares = ", ".join(f"{split} {sum(found.values())}" for split, found in sorted(splits.items()))
    labels = ", ".join(f"{label['name']} ({label['id']})" for label in facts["labels"])
    refused, left_out = sum(facts["rejected"].values()), sum(facts["left_out"].values())
    return f"""# Datasheet: {facts["name"]}

## Motivation

- **For what purpose was it made?** To train and test segmentation of {labels or "no label"}. Further aims: {_ASK}
- **Who made it?** The lab behind the project "{facts["project"]}" with {facts["raters"]} volunteers, on Bramble.
- **Who paid for it?** {_ASK}

## Composition

- **What is an instance?** An image with a mask of label ids; {total} of them: {counts["real"]} with the lab's own mask,
  {counts["consensus"]} with a mask merged from volunteers, {counts["synthetic"]} drawn by a generator. Each says which in `manifest.jsonl`.
- **Is anything missing?** {left_out} images of the project and {refused} synthetic ones were left out; `rejected.jsonl` names each
  with its reason. An image whose masks await an expert is among them: what is hard is missing more often than what is easy.
- **Are there recommended splits?** {shares or "none"} (seed {facts["seed"]}), by group (patient, volume or source).
  Test on real images only.
- **Are there errors, noise or redundancies?** Consensus masks carry an agreement, no guarantee. Groups that hold the same picture stand
  in one split; pictures that merely look alike aren't removed.
- **Does it relate to people, and can they be identified?** Identifying fields of DICOM files were removed at upload and frames are
  pixels only. Burnt-in text and faces in the pixels are the lab's to rule out. Volunteers appear under pseudonyms of this project.

## Collection

- **How were the images acquired, and when?** {_ASK}
- **Consent and ethical review:** {facts["consent"] or "The lab stated nothing on consent. " + _ASK}
- **How were the masks made?** Volunteers drew with a segmentation model's help; several masks of an image were merged with the
  reliability of each volunteer taken into account; images with little agreement went to an expert.

## Preprocessing

- **What was done to the images?** 8-bit display frames of the originals; nothing else. Synthetic images have the generator's size.
- **Are the originals kept?** By the lab's installation, not here. Geometry where known: `manifest.jsonl`.

## Uses

- **What shouldn't it be used for?** Synthetic images are no patients and no evidence that a finding exists; nothing here is a diagnosis.

## Distribution and maintenance

- **Licence:** {facts["licence"] or "not stated; ask the lab before you share it"}.
- **Will it change?** This version never does: the SHA-256 of `checksums.sha256` is its address. New content is a new version.
- **How is it checked?** `bramble dataset verify` compares every file, mask and split.
"""
