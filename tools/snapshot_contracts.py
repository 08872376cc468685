"""Write `proto/snapshot.json`: names, numbers and types of every field of v1, as released.

    python tools/snapshot_contracts.py            # after an additive change, in the commit that makes it

The compatibility test compares the protos with this file: what stands here may not change or go away within
v1, because events written by the version before are still in the log, and pods of both versions run side by
side during an upgrade.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOT = ROOT / "proto" / "snapshot.json"
sys.path.insert(0, str(ROOT))


def describe() -> dict[str, dict[str, Any]]:
    """Full message name → field number (as text) → `{name, type, repeated}`, of all packages below
    `proto/`."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((ROOT / "proto" / "bramble").rglob("*.proto")):
        module = ".".join(path.relative_to(ROOT / "proto").with_suffix("").parts)
        file = import_module(f"shared.contracts.{module}_pb2").DESCRIPTOR
        for message in file.message_types_by_name.values():
            _describe(message, found)
    return found


def _describe(message: Descriptor, found: dict[str, dict[str, Any]]) -> None:
    fields: dict[str, Any] = {}
    for field in message.fields:
        fields[str(field.number)] = {"name": field.name, "type": _type(field), "repeated": field.is_repeated}
    found[message.full_name] = fields
    for nested in message.nested_types:
        _describe(nested, found)


def _type(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return str(field.message_type.full_name)
    names = {
        getattr(FieldDescriptor, name): name[5:].lower()
        for name in dir(FieldDescriptor)
        if name.startswith("TYPE_")
    }
    return names[field.type]


def breaks(before: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]]) -> list[str]:
    """What an old reader or writer would trip over, a sentence each; [] when all changes only add."""
    found = []
    for message, fields in before.items():
        if message not in now:
            found.append(f"the message {message} is gone")
            continue
        for number, field in fields.items():
            other = now[message].get(number)
            if other is None:
                found.append(f"{message}: field {number} ({field['name']}) is gone")
            elif other != field:
                found.append(f"{message}: field {number} was {field}, is {other}")
    return found


if __name__ == "__main__":
    current = describe()
    if SNAPSHOT.exists() and "--force" not in sys.argv:
        problems = breaks(json.loads(SNAPSHOT.read_text()), current)
        if problems:
            raise SystemExit("not additive; make a v2 beside v1:\n" + "\n".join(problems))
    SNAPSHOT.write_text(json.dumps(current, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(f"{SNAPSHOT.relative_to(ROOT)}: {len(current)} messages\n")
