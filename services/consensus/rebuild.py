"""A version computed again from its votes and from what was believed of the raters then."""

from __future__ import annotations

import json
from typing import Any

import orjson
from sqlalchemy import Connection, Row

from services.consensus import store
from services.consensus.merge import merge
from services.consensus.store_history import unpack_basis


def rebuild(conn: Connection, version: Row[Any]) -> bytes | None:
    """The version's labels as they were stored, bit for bit, from votes and basis; None: an expert's, or its basis wasn't kept.

    Votes are never changed or deleted, so the submissions named in the version are there. Who is superseded today counted then.
    """
    if version.basis is None:
        return None
    basis = unpack_basis(version.basis)
    votes, _ = store.votes_of(conn, version.image_id, frozenset(json.loads(version.submissions)))
    looked = {row["label_id"] for row in orjson.loads(version.labels) if row.get("expected_dice") is not None}
    merged = [
        merge(i, v, basis[i][1], basis[i][0], ahead=i in looked) for i, v in votes.items() if i in basis
    ]
    return orjson.dumps([m.to_json() for m in merged])
