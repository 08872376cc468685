"""What a file is, by its first bytes. Its name has no say."""

from __future__ import annotations

import struct

HEAD = 512  # bytes that `kind_of` wants to see

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0\x08\0\0\0", "tiff"),
    (b"MM\0+\0\x08\0\0", "tiff"),
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
)
# Kinds that aren't read, named so that the sentence can say what the file is.
_OTHER: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"%PDF", "a PDF"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ", "an XZ archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"NRRD", "an NRRD volume"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\0\0\0\x0cjP  ", "a bare JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a bare JPEG 2000 stream"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
)


def kind_of(head: bytes) -> str:
    """One of png, jpeg, tiff, dicom, nifti, gzip, zip, or "" for a file that isn't read."""
    if head[128:132] == b"DICM":
        return "dicom"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if _is_nifti(head):
        return "nifti"
    if _is_bare_dicom(head):
        return "dicom"
    return ""


def describe(head: bytes) -> str:
    """What an unread file looks like, for the sentence that refuses it."""
    for magic, words in _OTHER:
        if head.startswith(magic):
            return words
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP"
    if len(head) >= 348 and struct.unpack_from("<i", head)[0] == 348:
        return "an Analyze 7.5 header without its image"
    sample = head[:HEAD]
    printable = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in sample)
    if sample and printable >= 0.95 * len(sample):
        return "text"
    try:
        sample[:-4].decode("utf-8")
    except UnicodeDecodeError:
        return "data of an unknown kind"
    return "text" if b"\0" not in sample else "data of an unknown kind"


def _is_nifti(head: bytes) -> bool:
    return head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0")


def _is_bare_dicom(head: bytes) -> bool:
    """DICOM without preamble: the first element is of group 2 or 8, its element number is low and its length is plausible."""
    if len(head) < 12:
        return False
    for order in ("<", ">"):
        group, element = struct.unpack_from(order + "HH", head)
        if group not in (0x0002, 0x0008) or element > 0x0100:
            continue
        vr = head[4:6]
        if vr.isalpha() and vr.isupper():
            return True
        if 0 < struct.unpack_from(order + "I", head, 4)[0] <= 256:
            return True
    return False
