"""Names that may be shown and kept."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
MAX_NAME = 200


def display_name(path: str) -> str:
    """The last part of an uploaded path: no folders (of either slash), control or direction characters; at most 200 characters.

    Folder names are dropped because they are where patients' names are most often found. Empty: "unnamed".
    """
    last = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    last = _CONTROL.sub("", unicodedata.normalize("NFC", last)).strip()
    if last in ("", ".", ".."):
        return "unnamed"
    if len(last) > MAX_NAME:
        stem, dot, suffix = last.rpartition(".")
        keep = dot + suffix if stem and len(suffix) <= 8 else ""
        last = last[: MAX_NAME - len(keep)] + keep
    return last


def dicom_name(modality: str, pseudonym: str, series: object, instance: object) -> str:
    """A DICOM file's display name, made of nothing but its modality, its patient's pseudonym and its numbers."""
    parts = [re.sub(r"[^A-Z0-9]", "", modality.upper())[:16] or "DICOM", pseudonym[:9]]
    for letter, number in (("s", series), ("i", instance)):
        if isinstance(number, int) or (isinstance(number, str) and number.strip().isdigit()):
            parts.append(f"{letter}{int(number)}")
    return "-".join(parts) + ".dcm"
