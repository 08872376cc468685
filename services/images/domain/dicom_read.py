"""Reading a DICOM file without trusting it: pydicom, with its unbounded corner closed and its chatter silenced."""

from __future__ import annotations

import io
import logging
import struct
import warnings
import zlib
from functools import cache
from typing import Any, BinaryIO

from services.images.domain.source import Limits, Rejected, decoding

_DEFLATED = "1.2.840.10008.1.2.1.99"
_PREAMBLE = 132
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"})


@cache
def pydicom() -> Any:
    """The library, set up once: values aren't validated (odd ones are common and harmless here), and nothing is logged, since its
    warnings quote values, and those may be a patient's."""
    import pydicom as library
    from pydicom import config

    config.settings.reading_validation_mode = config.IGNORE
    config.settings.writing_validation_mode = config.IGNORE
    for name in ("pydicom", "pylibjpeg"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        warnings.filterwarnings("ignore", module=rf"{name}(\..*)?")
    return library


def read_dataset(file: BinaryIO, limits: Limits) -> Any:
    """The pydicom Dataset of a file, its transfer syntax filled in. Raises Rejected."""
    library = pydicom()
    file.seek(0)
    head = file.read(4096)
    has_preamble = head[128:132] == b"DICM"
    start = _PREAMBLE if has_preamble else 0
    syntax, body = _transfer_syntax(head, start)
    with decoding("DICOM file"):
        if syntax == _DEFLATED:
            # pydicom inflates without a bound, so it's done here and read as what it then is
            dataset = library.dcmread(io.BytesIO(_inflate(file, body, limits)), force=True)
            dataset.file_meta = library.dataset.FileMetaDataset()
            syntax = library.uid.ExplicitVRLittleEndian
        else:
            file.seek(0)
            dataset = library.dcmread(file, force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:
            dataset.file_meta.TransferSyntaxUID = _guessed_syntax(dataset)
        if not len(dataset):
            raise Rejected(
                "damaged", "The DICOM file holds no attributes: export it again and upload it anew."
            )
    return dataset


def _guessed_syntax(dataset: Any) -> Any:
    """What the reader found by looking, for files that don't say."""
    uid = pydicom().uid
    is_implicit, is_little = dataset.original_encoding
    if is_implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if is_little else uid.ExplicitVRBigEndian


def _transfer_syntax(head: bytes, start: int) -> tuple[str, int]:
    """``(transfer syntax, where the data set begins)`` of the file meta information, read by hand: explicit VR, little endian
    (PS3.10 7.1). ("", start) where there is none within the first bytes."""
    position, syntax = start, ""
    while position + 8 <= len(head):
        group, element = struct.unpack_from("<HH", head, position)
        if group != 2:
            break
        vr = head[position + 4 : position + 6]
        if vr in _LONG:
            if position + 12 > len(head):
                break
            (length,) = struct.unpack_from("<I", head, position + 8)
            value_at = position + 12
        else:
            (length,) = struct.unpack_from("<H", head, position + 6)
            value_at = position + 8
        if element == 0x0010:
            syntax = head[value_at : value_at + length].rstrip(b"\0 ").decode("ascii", "replace")
        position = value_at + length
    return syntax, position


def _inflate(file: BinaryIO, start: int, limits: Limits) -> bytes:
    file.seek(start)
    packed = file.read()
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data = inflater.decompress(packed, limits.max_file_bytes + 1)
    is_bomb = len(data) > limits.ratio_from and len(data) > limits.max_ratio * max(len(packed), 1)
    if len(data) > limits.max_file_bytes or is_bomb:
        raise Rejected(
            "too-large", "The DICOM file inflates far beyond the limit for one file, so it isn't opened."
        )
    return data
