"""A small writer of Parquet files, so that no service installs an Arrow: plain, uncompressed pages, row groups as they fill.

Apache Parquet format 2.10: Thrift compact metadata, PLAIN encoding, definition levels as run-length runs. Columns are strings,
bytes, int64 and doubles, at the top or one struct deep; all of them may be null, as
Arrow has them by default (`datasets` compares). Equal rows give equal bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

_MAGIC = b"PAR1"
_INT64, _DOUBLE, _BYTES = 2, 5, 6
_KINDS = {"int64": _INT64, "double": _DOUBLE, "string": _BYTES, "bytes": _BYTES}
_UTF8 = 0  # ConvertedType
_GROUP_BYTES, _GROUP_ROWS = 8 << 20, 500


@dataclass(frozen=True, slots=True)
class Column:
    """A leaf: its path ("id", or "image.bytes" in a struct) and kind (int64, double, string, bytes)."""

    path: str
    kind: str


class ParquetWriter:
    """`add` rows as ``{path: value}``; `close` writes the footer. At most 8 MiB or 500 rows wait in memory."""

    def __init__(self, path: Path, columns: Sequence[Column], metadata: Mapping[str, str]) -> None:
        self._out, self._columns, self._metadata = path.open("wb"), list(columns), dict(metadata)
        self._out.write(_MAGIC)
        self._waiting: list[list[Any]] = [[] for _ in columns]
        self._bytes, self._groups, self.rows = 0, list[bytes](), 0

    def add(self, row: Mapping[str, Any]) -> None:
        """One row; a column that is left out is null."""
        for column, values in zip(self._columns, self._waiting, strict=True):
            value = row.get(column.path)
            value = value.encode() if isinstance(value, str) else value
            values.append(value)
            self._bytes += len(value) if isinstance(value, bytes) else 8
        self.rows += 1
        if self._bytes >= _GROUP_BYTES or len(self._waiting[0]) >= _GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write what waits, and the footer."""
        if self._waiting[0]:
            self._flush()
        footer = self._footer()
        self._out.write(footer + struct.pack("<I", len(footer)) + _MAGIC)
        self._out.close()

    def _flush(self) -> None:
        chunks, total, count = [], 0, len(self._waiting[0])
        for column, values in zip(self._columns, self._waiting, strict=True):
            start = self._out.tell()
            body = _levels(values, 1 + column.path.count("."))
            body += b"".join(_plain(column.kind, v) for v in values if v is not None)
            head = _Thrift().i32(1, 0).i32(2, len(body)).i32(3, len(body))
            head.nested(5, _Thrift().i32(1, count).i32(2, 0).i32(3, 3).i32(4, 3))
            page = head.end() + body
            self._out.write(page)
            values.clear()
            about = _Thrift().i32(1, _KINDS[column.kind]).list_i32(2, [0, 3])
            about.list_bytes(3, [p.encode() for p in column.path.split(".")]).i32(4, 0)
            about.i64(5, count).i64(6, len(page)).i64(7, len(page)).i64(9, start)
            chunks.append(_Thrift().i64(2, start).nested(3, about).end())
            total += len(page)
        self._groups.append(_Thrift().list_structs(1, chunks).i64(2, total).i64(3, count).end())
        self._bytes = 0

    def _footer(self) -> bytes:
        tree: dict[str, list[Column]] = {}
        for column in self._columns:
            tree.setdefault(column.path.split(".")[0], []).append(column)
        schema = [_Thrift().binary(4, b"schema").i32(5, len(tree)).end()]
        for name, leaves in tree.items():
            if leaves[0].path != name:
                schema.append(_Thrift().i32(3, 1).binary(4, name.encode()).i32(5, len(leaves)).end())
            for leaf in leaves:
                element = _Thrift().i32(1, _KINDS[leaf.kind]).i32(3, 1)
                element.binary(4, leaf.path.split(".")[-1].encode())
                if leaf.kind == "string":
                    element.i32(6, _UTF8)
                schema.append(element.end())
        pairs = [
            _Thrift().binary(1, k.encode()).binary(2, v.encode()).end()
            for k, v in sorted(self._metadata.items())
        ]
        found = _Thrift().i32(1, 2).list_structs(2, schema).i64(3, self.rows).list_structs(4, self._groups)
        return found.list_structs(5, pairs).binary(6, b"bramble").end()


def _plain(kind: str, value: Any) -> bytes:
    if kind == "int64":
        return struct.pack("<q", int(value))
    if kind == "double":
        return struct.pack("<d", float(value))
    return struct.pack("<I", len(value)) + bytes(value)


def _levels(values: Sequence[Any], depth: int) -> bytes:
    """Definition levels as run-length runs: ``depth`` where there is a value, one less where there is none (structs always are)."""
    runs = bytearray()
    for level, run in groupby(depth if v is not None else depth - 1 for v in values):
        runs += _varint(sum(1 for _ in run) << 1) + bytes([level])
    return struct.pack("<I", len(runs)) + bytes(runs)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _zigzag(value: int) -> bytes:
    return _varint((value << 1) ^ (value >> 63))


@dataclass(slots=True)
class _Thrift:
    """A struct in Thrift's compact protocol; fields must be set in order of their ids."""

    data: bytearray = field(default_factory=bytearray)
    last: int = 0

    def _field(self, number: int, kind: int) -> None:
        self.data.append(((number - self.last) << 4) | kind)
        self.last = number

    def i32(self, number: int, value: int) -> _Thrift:
        self._field(number, 5)
        self.data += _zigzag(value)
        return self

    def i64(self, number: int, value: int) -> _Thrift:
        self._field(number, 6)
        self.data += _zigzag(value)
        return self

    def binary(self, number: int, value: bytes) -> _Thrift:
        self._field(number, 8)
        self.data += _varint(len(value)) + value
        return self

    def nested(self, number: int, value: _Thrift) -> _Thrift:
        self._field(number, 12)
        self.data += value.end()
        return self

    def _list(self, number: int, kind: int, count: int) -> None:
        self._field(number, 9)
        if count < 15:
            self.data.append((count << 4) | kind)
        else:
            self.data.append(0xF0 | kind)
            self.data += _varint(count)

    def list_i32(self, number: int, values: Sequence[int]) -> _Thrift:
        self._list(number, 5, len(values))
        for value in values:
            self.data += _zigzag(value)
        return self

    def list_bytes(self, number: int, values: Sequence[bytes]) -> _Thrift:
        self._list(number, 8, len(values))
        for value in values:
            self.data += _varint(len(value)) + value
        return self

    def list_structs(self, number: int, values: Sequence[bytes]) -> _Thrift:
        self._list(number, 12, len(values))
        for value in values:
            self.data += value
        return self

    def end(self) -> bytes:
        """The struct with its stop byte."""
        return bytes(self.data) + b"\x00"
