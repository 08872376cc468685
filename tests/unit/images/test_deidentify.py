"""No identifying value of a DICOM file survives in what is kept, shown or named."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from services.images.domain import codestream
from services.images.domain.deidentify import Pseudonyms
from services.images.domain.intake import open_source
from services.images.domain.profile import Action, basic_profile
from services.images.domain.source import Frame, Limits, OpenedSource, Rejected
from tests.unit.images import makers
from tests.unit.images.conftest import PSEUDONYMS, real_dicoms

PROFILE = basic_profile()
# Kept on purpose, or too general to identify: names of the profile's own codes are among them.
PUBLIC = {"removed", "anonymous", "yes", "no", "none", "unknown", "original", "primary", "mr", "ct", "us"}


def identifying_values(dataset: Dataset, inside_private: bool = False) -> Iterator[str]:
    """Every text value that the Basic Profile removes, empties, replaces or remaps, private ones included."""
    for element in dataset:
        is_private = inside_private or element.tag.is_private
        if element.VR == "SQ":
            removed = PROFILE.action(int(element.tag), "SQ") in (Action.REMOVE, Action.EMPTY, Action.DUMMY)
            for item in element.value or ():
                yield from identifying_values(item, is_private or removed)
            continue
        listed = PROFILE.action(int(element.tag), element.VR) is not None or element.VR in ("PN", "DA", "DT")
        if is_private or listed:
            values = (
                element.value if isinstance(element.value, pydicom.multival.MultiValue) else [element.value]
            )
            yield from (str(v).strip("\0 ") for v in values if not isinstance(v, bytes) and v is not None)


def texts_of(dataset: Dataset) -> Iterator[str]:
    """Every text value that is kept, whole."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value or ():
                yield from texts_of(item)
        elif not isinstance(element.value, bytes):
            values = (
                element.value if isinstance(element.value, pydicom.multival.MultiValue) else [element.value]
            )
            yield from (str(v).strip("\0 ") for v in values if v is not None)


def kept(data: bytes, name: str = "DOE^JOHN.dcm") -> OpenedSource:
    return open_source(io.BytesIO(data), len(data), name, Limits(reject_burned_in=False), lambda: PSEUDONYMS)


def read_kept(source: OpenedSource) -> tuple[bytes, Dataset]:
    source.original.seek(0)
    data = source.original.read()
    return data, pydicom.dcmread(io.BytesIO(data))


@cache
def kept_of(path: Path) -> tuple[str, str | None, bytes, Dataset] | None:
    """``(name, group, bytes, data set)`` of what is kept of a real file; None where it's refused."""
    try:
        source = kept(path.read_bytes(), path.name)
    except Rejected:
        return None
    return source.name, source.group, *read_kept(source)


@cache
def original_of(path: Path) -> Dataset:
    import gzip

    data = path.read_bytes()
    return pydicom.dcmread(io.BytesIO(gzip.decompress(data) if path.suffix == ".gz" else data), force=True)


@pytest.mark.parametrize("path", real_dicoms(), ids=lambda p: f"{p.parent.name}-{p.name}")
def test_no_identifying_value_of_a_real_file_survives(path: Path) -> None:
    found = kept_of(path)
    if found is None:
        return  # nothing of it is kept
    name, _, stored, dataset = found
    before = original_of(path)
    technical = set(before.get("ImageType") or ()) | {str(before.get("Modality"))}
    values = {v for v in identifying_values(before) if len(v) > 1 and v.lower() not in PUBLIC} - technical
    assert values
    # As a whole value of any attribute: also the short ones. Numbers may occur by chance in technical attributes.
    texts = set(texts_of(dataset))
    named = {v for v in values if not re.fullmatch(r"[-+.\deE]{1,10}", v)}
    technical_values = technical_texts(before)
    assert not named & (texts - technical_values), named & texts
    # As bytes anywhere: those long enough not to occur by chance in pixels.
    for value in values:
        if len(value) >= 8 and value not in technical_values:
            assert value.encode("utf-8", "replace") not in stored, value
            assert value.lower() not in name.lower()
    assert not any(element.tag.is_private for element in dataset.iterall())


def technical_texts(dataset: Dataset) -> set[str]:
    """Values that the profile keeps elsewhere in the same file, such as a manufacturer repeated in a private attribute."""
    found = set()
    for element in dataset.iterall():
        if (
            not element.tag.is_private
            and PROFILE.action(int(element.tag), element.VR) is None
            and element.VR not in ("PN", "SQ")
        ):
            values = (
                element.value if isinstance(element.value, pydicom.multival.MultiValue) else [element.value]
            )
            found |= {str(v).strip("\0 ") for v in values}
    return found


@pytest.mark.parametrize("path", real_dicoms(), ids=lambda p: f"{p.parent.name}-{p.name}")
def test_the_persons_and_numbers_of_a_real_file_are_nowhere(path: Path) -> None:
    found = kept_of(path)
    if found is None:
        return
    name, group, _, dataset = found
    before = original_of(path)
    text = "\n".join(texts_of(dataset)) + name + str(group)
    for element in before.iterall():
        is_number = element.keyword in ("PatientID", "AccessionNumber", "OtherPatientIDs", "StudyID")
        if element.VR != "PN" and not is_number:
            continue
        for word in re.split(r"[\^=\s]+", str(element.value or "")):
            if len(word) >= 5 and word.lower() not in PUBLIC:
                assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE), (
                    element.keyword,
                    word,
                )


def loaded_file() -> bytes:
    """A file with a name in every corner that has ever held one."""
    item = Dataset()
    item.PatientName = "Inner^Name"
    item.StudyDate = "20200102"
    item.add_new(0x00091002, "LO", "private Ypsilanti inside")
    item.ReferencedSOPInstanceUID = "1.2.3.4.5.999"
    item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    data = makers.dicom(
        np.arange(64, dtype=np.int16).reshape(8, 8),
        OtherPatientIDs=["ALT-1234567"],
        InstitutionName="St. Elsewhere Hospital",
        StationName="ELSEWHERE-CT-9",
        ReferringPhysicianName="Quackenbush^Hugo",
        OperatorsName="Wigglesworth^Ann",
        StudyDate="20210304",
        SeriesDate="20210304",
        AcquisitionDateTime="20210304101112.123456",
        ContentTime="101112",
        StudyDescription="CT of Wilhelmina Ypsilanti",
        SeriesDescription="axial",
        ProtocolName="for Dr Quackenbush",
        AccessionNumber="ACC-998877",
        DeviceSerialNumber="SER-556677",
        Manufacturer="Ypsilanti Medical",  # a kept attribute that repeats the name
        ManufacturerModelName="Scanner 5",
        ImageComments="call wilhelmina at home",
        PatientAge="069Y",
        ReferencedImageSequence=Sequence([item]),
        FrameOfReferenceUID="1.2.3.4.77",
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        ImagePositionPatient=[0, 0, 0],
        PixelSpacing=[0.5, 0.5],
    )
    dataset = pydicom.dcmread(io.BytesIO(data))
    block = dataset.private_block(0x0029, "VENDOR 1", create=True)
    block.add_new(1, "LO", "Ypsilanti^Wilhelmina")
    dataset.preamble = b"WILHELMINA YPSILANTI".ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = "ELSEWHERE"
    dataset.PixelData += b"Ypsilanti hides behind the last pixel "
    for tag, vr, value in (
        (0x60003000, "OW", b"\xff" * 8),
        (0x60000022, "LO", "Overlay of Ypsilanti"),
        (0x00100999, "LO", "an unknown tag: Ypsilanti"),
    ):
        dataset.add_new(tag, vr, value)
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset)
    return buffer.getvalue()


def test_every_corner_is_cleaned() -> None:
    stored, dataset = read_kept(kept(loaded_file(), "Ypsilanti_Wilhelmina.dcm"))
    lowered = stored.lower()
    for word in (
        "ypsilanti", "wilhelmina", "mrn-0451", "alt-1234567", "elsewhere", "quackenbush", "wigglesworth", "acc-998877",
        "ser-556677", "19510203", "20210304", "20200102", "101112", "069y", "inner", "vendor 1",
    ):  # fmt: skip
        assert word.encode() not in lowered, word
    for uid in ("1.2.3.4.5.6", "1.2.3.4.5.999", "1.2.3.4.77"):
        assert uid.encode() not in stored, uid
    assert dataset.PixelSpacing == [0.5, 0.5]
    assert dataset.ManufacturerModelName == "Scanner 5"
    assert dataset.Manufacturer in ("", None)
    assert dataset.PatientIdentityRemoved == "YES"
    assert dataset.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert dataset.ReferencedImageSequence[0].ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"
    assert (dataset.pixel_array == np.arange(64).reshape(8, 8)).all()


def test_name_and_group_are_pseudonyms() -> None:
    source = kept(loaded_file(), "Ypsilanti_Wilhelmina.dcm")
    assert re.fullmatch(r"CT-p[0-9a-f]{8}-s3-i12\.dcm", source.name)
    assert re.fullmatch(r"p[0-9a-f]{16}", source.group or "")


def test_one_study_stays_one_study_within_a_project_and_no_two_projects_can_be_joined() -> None:
    pixels = np.zeros((4, 4), np.uint8)

    def keep(project: bytes, **attributes: Any) -> tuple[Dataset, str | None]:
        data = makers.dicom(pixels, **attributes)
        pseudonyms = Pseudonyms(project)
        source = open_source(io.BytesIO(data), len(data), "x", Limits(), lambda: pseudonyms)
        return read_kept(source)[1], source.group

    (a, group_a), (b, group_b) = keep(b"1"), keep(b"1", SOPInstanceUID="1.2.3.4.5.7", InstanceNumber=13)
    assert (a.StudyInstanceUID, a.SeriesInstanceUID) == (b.StudyInstanceUID, b.SeriesInstanceUID)
    assert a.SOPInstanceUID != b.SOPInstanceUID
    assert a.file_meta.MediaStorageSOPInstanceUID == a.SOPInstanceUID
    assert group_a == group_b == a.PatientID
    other, group_other = keep(b"2")
    assert other.StudyInstanceUID != a.StudyInstanceUID
    assert group_other != group_a
    assert keep(b"1", PatientID="another")[1] != group_a
    assert str(keep(b"1", PatientID=None)[1]).startswith("s")  # by study where no patient is named


def test_the_same_file_gives_the_same_bytes() -> None:
    assert read_kept(kept(loaded_file()))[0] == read_kept(kept(loaded_file()))[0]


def test_burnt_in_annotation_is_refused_or_warned_of(opened: Callable[..., OpenedSource]) -> None:
    data = makers.dicom(np.zeros((4, 4), np.uint8), BurnedInAnnotation="YES")
    with pytest.raises(Rejected) as refused:
        opened(data)
    assert refused.value.code == "burned-in-annotation"
    assert "burnt" in opened(data, "x", Limits(reject_burned_in=False)).warnings[0]
    assert (
        opened(makers.dicom(np.zeros((4, 4), np.uint8), BurnedInAnnotation="NO", Modality="US")).warnings
        == ()
    )
    assert opened(makers.dicom(np.zeros((4, 4), np.uint8), Modality="US")).warnings


def test_comments_in_compressed_streams_are_blanked(frames_of: Callable[..., list[Frame]]) -> None:
    from PIL import Image
    from pydicom.uid import JPEGBaseline8Bit

    jpeg = makers.saved(
        Image.fromarray(makers.grey(16, 16)), "JPEG", comment=b"patient Ypsilanti", quality=95
    )
    assert b"Ypsilanti" in jpeg
    data = makers.dicom(np.zeros((16, 16), np.uint8), syntax=None, PixelData=b"", PatientName="Somebody^Else")
    dataset = pydicom.dcmread(io.BytesIO(data))
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = makers.encapsulated(jpeg)
    dataset["PixelData"].is_undefined_length = True
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset)
    stored, _ = read_kept(kept(buffer.getvalue()))
    assert b"Ypsilanti" not in stored
    assert frames_of(buffer.getvalue())[0].width == 16


def test_blanking_keeps_the_picture() -> None:
    from PIL import Image

    jpeg = makers.saved(Image.fromarray(makers.grey(16, 16)), "JPEG", comment=b"a name", quality=95)
    blanked = codestream.inspect(makers.encapsulated(jpeg), 16, 16, 1)
    assert b"a name" not in blanked
    start = blanked.index(b"\xff\xd8")
    picture = Image.open(io.BytesIO(blanked[start : start + len(jpeg)]))
    assert (np.asarray(picture) == np.asarray(Image.open(io.BytesIO(jpeg)))).all()


def test_the_table_is_the_standards() -> None:
    assert len(PROFILE.codes) > 600
    expected = {
        0x00100010: "Z", 0x00080018: "U", 0x0020000D: "U", 0x00080090: "Z", 0x00101010: "X", 0x00080080: "X/Z/D",
        0x00080050: "Z", 0x00081140: "X/Z/U*", 0x0008103E: "X", 0x00204000: "X", 0x00400275: "X", 0x00880200: "X",
    }  # fmt: skip
    assert {tag: PROFILE.codes[tag] for tag in expected} == expected
    assert PROFILE.action(0x60023000, "OW") is Action.REMOVE
    assert PROFILE.action(0x50040010, "US") is Action.REMOVE
    assert PROFILE.action(0x00280010, "US") is None
