"""The signed principal: who asks can't be forged, and what they may follows from role and membership."""

import pytest

from shared.auth import MAX_AGE_S, Principal, Role, decode_principal, encode_principal
from shared.errors import Forbidden, Unauthenticated, Unavailable

SECRET = b"s" * 32
RATER = Principal(id="r", role=Role.VOLUNTEER, memberships={"p1": Role.EXPERT}, scopes=frozenset({"read"}))


def test_round_trip():
    assert decode_principal(encode_principal(RATER, SECRET, now_s=100), SECRET, now_s=100) == RATER


@pytest.mark.parametrize(
    "change",
    [lambda v: v[:-1] + ("0" if v[-1] != "0" else "1"), lambda v: "A" + v[1:], lambda v: v.split(".")[0]],
)
def test_a_changed_header_is_refused(change):
    with pytest.raises(Unauthenticated):
        decode_principal(change(encode_principal(RATER, SECRET, now_s=100)), SECRET, now_s=100)


def test_another_secret_is_refused():
    with pytest.raises(Unauthenticated):
        decode_principal(encode_principal(RATER, SECRET, now_s=100), b"t" * 32, now_s=100)


def test_an_old_header_is_refused():
    header = encode_principal(RATER, SECRET, now_s=100)
    assert decode_principal(header, SECRET, now_s=100 + MAX_AGE_S) == RATER
    # Not 401: whoever asks can't mend the clocks by logging in, and a client tries a 503 again.
    with pytest.raises(Unavailable, match="too old"):
        decode_principal(header, SECRET, now_s=101 + MAX_AGE_S)


def test_roles_within_projects():
    RATER.require("p1", Role.VOLUNTEER)
    RATER.require("p1", Role.EXPERT)
    with pytest.raises(Forbidden, match="role lab"):
        RATER.require("p1", Role.LAB)
    with pytest.raises(Forbidden):
        RATER.require("p2", Role.VOLUNTEER)


def test_an_operator_may_everything_and_a_key_only_its_scopes():
    Principal(id="o", role=Role.OPERATOR).require("any", Role.LAB)
    RATER.require_scope("read")
    with pytest.raises(Forbidden, match="scope 'write'"):
        RATER.require_scope("write")
