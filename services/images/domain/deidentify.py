"""DICOM loses its identities here, before a byte of it is stored.

PS3.15 Annex E, Basic Application Level Confidentiality Profile, by its table (`profile.py`), and stricter where the table leaves
room: private attributes go, also those inside sequences; so do attributes that the dictionary doesn't know, dates and times that
the table doesn't name, people's names anywhere, and binary values that aren't pixels or their look-up tables. Text that is kept
(manufacturer, kernel, coil) is emptied where it repeats a name, number or institution of this very file. Comments inside JPEG and
JPEG 2000 streams are blanked (`codestream.py`), and so is the preamble.

UIDs and the patient's number become HMACs under a key that belongs to the project: the same study stays one study, the same
patient one group, across uploads, and nobody without the key can test a guess.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from services.images.domain.profile import Action, Profile, basic_profile

_CLASS_UIDS = frozenset(
    {
        0x00020002,  # MediaStorageSOPClassUID
        0x00020010,  # TransferSyntaxUID
        0x00080016,  # SOPClassUID
        0x0008001A,  # RelatedGeneralSOPClassUID
        0x0008001B,  # OriginalSpecializedSOPClassUID
        0x00081150,  # ReferencedSOPClassUID
        0x0008010C,  # CodingSchemeUID
        0x00080117,  # ContextUID
        0x00080118,  # MappingResourceUID
    }
)
_STANDARD_ROOT = "1.2.840.10008."
_TEXT = frozenset({"LO", "LT", "SH", "ST", "UC", "UT"})
_TEMPORAL = frozenset({"DA", "DT", "TM"})
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN", "OB or OW", "US or OW", "US or SS or OW"})
_KEPT_BINARY = frozenset(
    {
        0x00281101, 0x00281102, 0x00281103, 0x00281201, 0x00281202, 0x00281203,  # palettes
        0x00281221, 0x00281222, 0x00281223, 0x00282000, 0x00283006,  # segmented palettes, ICC profile, LUT data
        0x7FE00001, 0x7FE00002, 0x7FE00008, 0x7FE00009, 0x7FE00010,  # extended offsets, pixels
    }
)  # fmt: skip
_DUMMIES: dict[str, Any] = {
    "AE": "REMOVED", "AS": "000Y", "CS": "REMOVED", "DA": "19000101", "DT": "19000101000000", "DS": "0", "IS": "0",
    "LO": "REMOVED", "LT": "REMOVED", "PN": "Anonymous", "SH": "REMOVED", "ST": "REMOVED", "TM": "000000",
    "UC": "REMOVED", "UR": "about:blank", "UT": "REMOVED", "OB": b"\0\0", "UN": b"\0\0",
    "FD": 0.0, "FL": 0.0, "SL": 0, "SS": 0, "UL": 0, "US": 0,
}  # fmt: skip
_IDENTIFYING = (
    "PatientID", "OtherPatientIDs", "AccessionNumber", "InstitutionName", "InstitutionAddress", "PatientAddress",
    "PatientTelephoneNumbers", "PatientBirthDate", "StationName", "DeviceSerialNumber", "StudyID",
)  # fmt: skip
_MIN_TOKEN = 3  # shorter ones ("Li", "7") occur in technical text by chance, and are caught as whole values of their attribute


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Keyed one-way names, one key a project."""

    key: bytes

    def _mac(self, kind: str, value: str) -> bytes:
        return hmac.new(self.key, f"{kind}\0{value}".encode(), hashlib.sha256).digest()

    def uid(self, original: str) -> str:
        """A UID under the 2.25 root (PS3.5 B.2); the same original gives the same UID."""
        return f"2.25.{int.from_bytes(self._mac('uid', original)[:16], 'big')}"

    def patient(self, patient_id: str, issuer: str) -> str:
        """``p`` and 16 hex digits: stands for the patient in `group` and in the stored PatientID."""
        return "p" + self._mac("patient", f"{issuer}\0{patient_id}").hex()[:16]

    def study(self, study_uid: str) -> str:
        """``s`` and 16 hex digits: the group where a file names no patient."""
        return "s" + self._mac("study", study_uid).hex()[:16]


def group_of(dataset: Any, pseudonyms: Pseudonyms) -> str | None:
    """The pseudonym that images of one patient share; by study where the patient's number is blank; None where both are."""
    patient_id = str(dataset.get("PatientID") or "").strip()
    if patient_id:
        return pseudonyms.patient(patient_id, str(dataset.get("IssuerOfPatientID") or "").strip())
    study = str(dataset.get("StudyInstanceUID") or "").strip()
    return pseudonyms.study(study) if study else None


def deidentify(dataset: Any, pseudonyms: Pseudonyms, profile: Profile | None = None) -> str | None:
    """Remove the identities of a pydicom Dataset in place; answers its group's pseudonym.

    The file meta information isn't touched: the writer makes it anew. Equal inputs give equal outputs, so that a file that is
    uploaded twice is found to be a duplicate.
    """
    group = group_of(dataset, pseudonyms)
    _Cleaner(pseudonyms, profile or basic_profile(), _identifiers(dataset)).clean(dataset)
    dataset.PatientID = group or ""
    dataset.PatientName = ""
    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
    dataset.DeidentificationMethod = "Bramble: PS3.15 Basic Profile, private attributes removed"
    dataset.DeidentificationMethodCodeSequence = [_method_code()]
    return group


def _method_code() -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue = "113100"
    item.CodingSchemeDesignator = "DCM"
    item.CodeMeaning = "Basic Application Confidentiality Profile"
    return item


class _Cleaner:
    def __init__(self, pseudonyms: Pseudonyms, profile: Profile, identifiers: re.Pattern[str] | None) -> None:
        self._pseudonyms, self._profile, self._identifiers = pseudonyms, profile, identifiers

    def clean(self, dataset: Any) -> None:
        from pydicom.datadict import dictionary_has_tag
        from pydicom.dataelem import DataElement

        for tag in list(dataset.keys()):
            number = int(tag)
            if tag.is_private or not dictionary_has_tag(tag) or number & 0xFFFF == 0:
                del dataset[tag]
                continue
            try:
                element = dataset[tag]
            except Exception:  # a value that can't be read can't be judged, so it goes
                del dataset[tag]
                continue
            action = self._profile.action(number, element.VR) or self._by_kind(number, element)
            if action is Action.REMOVE:
                del dataset[tag]
            elif action is Action.EMPTY:
                dataset[tag] = DataElement(tag, element.VR, [] if element.VR == "SQ" else None)
            elif action is Action.DUMMY:
                dataset[tag] = DataElement(tag, element.VR, self._dummy(element.VR))
            elif action is Action.REMAP:
                dataset[tag] = DataElement(tag, element.VR, self._remapped(element.value))
            elif element.VR == "SQ":
                for item in element.value:
                    self.clean(item)

    def _by_kind(self, tag: int, element: Any) -> Action | None:
        """For attributes that the profile's table doesn't name: what their kind of value asks for."""
        vr = element.VR
        if vr in _TEMPORAL or vr == "AE":
            return Action.REMOVE
        if vr == "PN":
            return Action.EMPTY
        if vr == "UI" and tag not in _CLASS_UIDS:
            values = _as_list(element.value)
            return None if all(str(v).startswith(_STANDARD_ROOT) for v in values) else Action.REMAP
        if vr in _BINARY and tag not in _KEPT_BINARY:
            return Action.REMOVE
        if vr in _TEXT and self._identifiers is not None:
            hit = any(self._identifiers.search(str(v)) for v in _as_list(element.value))
            return Action.EMPTY if hit else None
        return None

    def _dummy(self, vr: str) -> Any:
        from pydicom.dataset import Dataset

        return [Dataset()] if vr == "SQ" else _DUMMIES.get(vr)

    def _remapped(self, value: Any) -> Any:
        uids = [self._pseudonyms.uid(str(v).strip("\0 ")) for v in _as_list(value) if str(v).strip("\0 ")]
        return uids[0] if len(uids) == 1 else uids or None


def _as_list(value: Any) -> list[Any]:
    from pydicom.multival import MultiValue

    if value is None:
        return []
    return list(value) if isinstance(value, list | MultiValue) else [value]


def _identifiers(dataset: Any) -> re.Pattern[str] | None:
    """A pattern of the names and numbers by which this file's people and places could be found in its free text."""
    words = {
        word for value in _identifying_values(dataset) for word in (value, *re.split(r"[\^=\s,;]+", value))
    }
    words = {word for word in words if len(word) >= _MIN_TOKEN}
    if not words:
        return None
    alternatives = "|".join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w)))
    return re.compile(rf"(?<![^\W_])(?:{alternatives})(?![^\W_])", re.IGNORECASE)


def _identifying_values(dataset: Any) -> Iterable[str]:
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except Exception:  # noqa: S112 - unreadable values are removed by the cleaner
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from _identifying_values(item)
        elif element.VR == "PN" or element.keyword in _IDENTIFYING:
            for value in _as_list(element.value):
                if text := str(value).strip():
                    yield text
