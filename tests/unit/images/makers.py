"""Files made by code: honest ones and hostile ones. Everything is deterministic."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def grey(height: int = 24, width: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def png(pixels: np.ndarray | None = None, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey() if pixels is None else pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def lying_png(width: int, height: int, data: bytes = b"\0" * 100) -> bytes:
    """A PNG whose header claims a size that its data doesn't have."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def dicom(pixels: np.ndarray | None = None, *, syntax: str | None = None, **attributes: Any) -> bytes:
    """A CT slice, or what `attributes` make of it; an attribute of None is left out. `pixels`: (H, W), (N, H, W) or (..., 3)."""
    import pydicom
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    values: dict[str, Any] = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": "1.2.3.4.5.6",
        "StudyInstanceUID": "1.2.3.4",
        "SeriesInstanceUID": "1.2.3.4.5",
        "PatientName": "Ypsilanti^Wilhelmina",
        "PatientID": "MRN-0451-77",
        "PatientBirthDate": "19510203",
        "Modality": "CT",
        "SeriesNumber": 3,
        "InstanceNumber": 12,
    }
    if pixels is not None:
        is_color = pixels.ndim >= 3 and pixels.shape[-1] == 3
        grid = pixels.shape[-3:-1] if is_color else pixels.shape[-2:]
        bits = pixels.dtype.itemsize * 8
        values |= {
            "Rows": grid[0],
            "Columns": grid[1],
            "SamplesPerPixel": 3 if is_color else 1,
            "PhotometricInterpretation": "RGB" if is_color else "MONOCHROME2",
            "BitsAllocated": bits,
            "BitsStored": bits,
            "HighBit": bits - 1,
            "PixelRepresentation": int(pixels.dtype.kind == "i"),
            "PixelData": pixels.tobytes() + b"\0" * (pixels.nbytes % 2),
        }
        if is_color:
            values["PlanarConfiguration"] = 0
        if pixels.ndim - is_color == 3:
            values["NumberOfFrames"] = pixels.shape[0]
    dataset = Dataset()
    for keyword, value in (values | attributes).items():
        if value is not None:
            setattr(dataset, keyword, value)
    if "PixelData" in dataset:
        dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax or ExplicitVRLittleEndian
    dataset.file_meta = meta
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def nifti(values: np.ndarray, affine: np.ndarray | None = None, **header: Any) -> bytes:
    import nibabel

    image = nibabel.Nifti1Image(values, np.diag([2.0, 3.0, 4.0, 1.0]) if affine is None else affine)
    for key, value in header.items():
        image.header[key] = value
    return bytes(image.to_bytes())


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def gzip_bomb(head: bytes, megabytes: int) -> bytes:
    """`head` and then zeros, packed about 1000 : 1."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as file:
        file.write(head)
        for _ in range(megabytes):
            file.write(bytes(1 << 20))
    return buffer.getvalue()


def encapsulated(*fragments: bytes) -> bytes:
    """Pixel data of compressed frames, one fragment each, with an empty offset table."""
    items = [b""] + [f + b"\0" * (len(f) % 2) for f in fragments]
    return (
        b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(i)) + i for i in items) + b"\xfe\xff\xdd\xe0\0\0\0\0"
    )
