"""Croissant 1.0 metadata (Akhtar et al. 2024): what the files are and what their fields mean, for tools that read any dataset.

`manifest.csv` is a record set; where the Parquet files were asked for, each split of them is another, with the pictures. There is no date
in it: a build must not depend on the clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.synthesis.domain import rows

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_MEANING = {
    "id": "The item's id",
    "origin": "real: the lab's own mask; consensus: merged from volunteers; synthetic: drawn by a generator",
    "split": "train, val or test; a group stands in one",
    "group": "Patient, volume or source",
    "image": "Path of the image, 8-bit PNG",
    "mask": "Path of the mask, 8-bit PNG of label ids",
    "height": "Rows",
    "width": "Columns",
    "source_images": "The images that it was made from",
    "raters": "Pseudonyms of the volunteers whose masks were merged",
    "consensus_version": "Version of the consensus",
    "generator_id": "The generator that drew it",
    "seed": "Seed of the draw",
    "image_sha256": "SHA-256 of the image file",
    "mask_sha256": "SHA-256 of the mask file",
}
_NUMBERS = ("height", "width")


def metadata(facts: Mapping[str, Any], manifest_sha256: str, parquet: Mapping[str, str]) -> str:
    """`croissant.json`. ``parquet``: path in the archive → SHA-256 of each Parquet file."""
    files = [_file("manifest.csv", "text/csv", manifest_sha256)]
    records = [_records("items", [_field("items", name, "manifest.csv", name) for name in rows.CSV_COLUMNS])]
    for path, digest in sorted(parquet.items()):
        files.append(_file(path, "application/x-parquet", digest))
        name = path.rsplit("/", 1)[1].split("-")[0]
        fields = [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                "description": _MEANING[column].replace("Path of the image", "The image"),
                "dataType": "sc:ImageObject" if column in ("image", "mask") else "sc:Text",
                "source": {
                    "fileObject": {"@id": path},
                    "extract": {"column": column},
                    **({"transform": {"jsonPath": "bytes"}} if column in ("image", "mask") else {}),
                },
            }
            for column in ("id", "origin", "group", "image", "mask")
        ]
        records.append(_records(name, fields))
    found = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": facts["name"],
        "description": f"Images with masks, made with Bramble from the project {facts['project']}: "
        + ", ".join(f"{facts['counts'][o]} {o}" for o in ("real", "consensus", "synthetic")),
        "license": facts["licence"] or "not stated; ask the lab before you share it",
        "rai:dataCollection": facts["consent"] or "The lab stated nothing on consent.",
        "distribution": files,
        "recordSet": records,
    }
    return rows.to_json(found) + "\n"


def _file(path: str, kind: str, digest: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "encodingFormat": kind,
        "sha256": digest,
    }


def _records(name: str, fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": {"@id": f"{name}/id"},
        "field": list(fields),
    }


def _field(records: str, name: str, file: str, column: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{records}/{name}",
        "name": name,
        "description": _MEANING[name],
        "dataType": "sc:Integer" if name in _NUMBERS else "sc:Text",
        "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
    }
