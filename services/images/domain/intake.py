"""The door: what a file is, who opens it, and under which name it may be remembered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import BinaryIO

from services.images.domain.archive import gunzip, gzip_head
from services.images.domain.deidentify import Pseudonyms
from services.images.domain.names import display_name
from services.images.domain.sniff import HEAD, describe, kind_of
from services.images.domain.source import Limits, OpenedSource, Rejected

_NAMED_BY_UPLOAD = frozenset({"png", "jpeg", "tiff", "nifti"})
_READ = "PNG, JPEG, TIFF, DICOM or NIfTI, or a ZIP of these"


def head_of(file: BinaryIO) -> bytes:
    """The first bytes, by which a file is recognised; the position is put back to the start."""
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    return head


def open_source(
    file: BinaryIO, size: int, path: str, limits: Limits, pseudonyms: Callable[[], Pseudonyms]
) -> OpenedSource:
    """Open one uploaded file of any kind but a ZIP. Raises Rejected.

    ``file`` must stay open as long as the answer's frames are read. ``path`` is the name that it was uploaded under.
    """
    if size == 0:
        raise Rejected("empty-file", "The file is empty: upload it again.")
    if size > limits.max_file_bytes:
        raise Rejected(
            "too-large",
            f"The file is {size >> 20:,} MiB; the limit is {limits.max_file_bytes >> 20:,} MiB a file.",
        )
    head = head_of(file)
    kind = kind_of(head)
    if kind == "gzip":
        return _open_gzip(file, path, limits, pseudonyms)
    return _open(kind, head, file, path, limits, pseudonyms)


def _open(
    kind: str, head: bytes, file: BinaryIO, path: str, limits: Limits, pseudonyms: Callable[[], Pseudonyms]
) -> OpenedSource:
    # Decoders are imported when a file of theirs first comes: serving a page needs none of them.
    if kind == "png":
        from services.images.domain.raster import open_png

        return open_png(file, path, limits)
    if kind == "jpeg":
        from services.images.domain.raster import open_jpeg

        return open_jpeg(file, path, limits)
    if kind == "tiff":
        from services.images.domain.raster import open_tiff

        return open_tiff(file, path, limits)
    if kind == "dicom":
        from services.images.domain.dicom import open_dicom

        return open_dicom(file, limits, pseudonyms())
    if kind == "nifti":
        from services.images.domain.nifti import open_nifti

        return open_nifti(file, path, limits)
    if kind == "zip":
        raise Rejected(
            "zip-nested", "This is a ZIP within a ZIP, which isn't opened: unpack it and upload its files."
        )
    raise Rejected(
        "unsupported-type", f"The file's content is {describe(head)}, whatever its name says: upload {_READ}."
    )


def _open_gzip(
    file: BinaryIO, path: str, limits: Limits, pseudonyms: Callable[[], Pseudonyms]
) -> OpenedSource:
    """A compressed NIfTI is kept as it came; a compressed DICOM is kept de-identified, uncompressed."""
    inner_head = gzip_head(file, HEAD)
    inner = kind_of(inner_head)
    if inner not in ("nifti", "dicom"):
        what = describe(inner_head) if inner_head and not inner else (inner.upper() or "nothing")
        raise Rejected(
            "unsupported-type", f"The gzip file holds {what}; of gzip files, NIfTI and DICOM are read."
        )
    content, size = gunzip(file, limits)
    if inner == "nifti":
        from services.images.domain.nifti import open_nifti

        return open_nifti(content, path, limits, original=file)
    return open_source(content, size, path, limits, pseudonyms)


def remembered_name(file: BinaryIO | None, path: str) -> str:
    """Under which name a refused file may be kept: its own where it is a kind that carries no identities, else its suffix alone.

    DICOM exports are often named after the patient, and a file that couldn't be read may be one.
    """
    kind = kind_of(head_of(file)) if file is not None else ""
    if kind == "gzip" and file is not None:
        kind = kind_of(gzip_head(file, HEAD))
    if kind in _NAMED_BY_UPLOAD:
        return display_name(path)
    suffix = re.search(r"\.[A-Za-z0-9]{1,5}\Z", path)
    return "file" + (suffix.group().lower() if suffix else "")
