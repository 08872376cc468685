"""Rings of internal secrets: times, files, what is refused."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.images.upload import project_key
from shared.auth import Principal, Role, decode_principal, encode_principal
from shared.errors import Conflict, InvalidInput, Unauthenticated
from shared.keys import LEAST_OVERLAP_S, LOOK_S, Keys, Ring, replace_file
from shared.settings import Settings

NOW = 1_800_000_000.0
WHO = Principal(id="a", role=Role.VOLUNTEER)


class Hands:
    """A clock that a test sets."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def rotated(ring: Ring, new: bytes = b"new", now: float = NOW) -> Ring:
    return ring.rotated(new, now, signs_in_s=300, overlap_s=3600)


def test_a_plain_secret_signs_and_is_the_secret_of_pseudonyms() -> None:
    ring = Ring.parse(" old\n")
    assert (ring.signing(NOW), ring.accepted(NOW), ring.pseudonyms) == (b"old", (b"old",), b"old")


@pytest.mark.parametrize(
    ("at", "signing", "accepted"),
    [
        (0, b"old", {b"old", b"new"}),
        (299, b"old", {b"old", b"new"}),
        (300, b"new", {b"old", b"new"}),
        (3899, b"new", {b"old", b"new"}),
        (3900, b"new", {b"new"}),
    ],
)
def test_both_keys_count_from_the_writing_to_the_end(at: float, signing: bytes, accepted: set[bytes]) -> None:
    ring = Ring.parse(rotated(Ring.parse("old")).dump())
    assert ring.signing(NOW + at) == signing
    assert set(ring.accepted(NOW + at)) == accepted
    assert ring.accepted(NOW + at)[0] == signing
    assert ring.pseudonyms == b"old"


def test_three_rotations_keep_the_first_secret_for_pseudonyms_and_drop_keys_of_long_ago() -> None:
    ring = Ring.parse("one")
    for days, name in ((0, b"two"), (100, b"three"), (200, b"four")):
        ring = rotated(ring, name, NOW + days * 86_400)
    assert ring.pseudonyms == b"one"
    assert ring.known() == (b"four", b"three", b"two")


@given(st.floats(-1e6, 1e7), st.floats(10, 1e5), st.floats(LEAST_OVERLAP_S, 1e6))
def test_what_any_process_signs_every_other_accepts(at: float, signs_in: float, overlap: float) -> None:
    """Whatever is signed at a time is accepted a minute later, by processes that have read the ring, at any moment of a rotation."""
    ring = Ring.parse("old").rotated(b"new", NOW, signs_in_s=signs_in, overlap_s=overlap)
    assert ring.signing(NOW + at) in ring.accepted(NOW + at + 60)
    if at < signs_in:
        assert ring.signing(NOW + at) == b"old", "a process that hasn't read it yet would refuse the new key"


def test_a_second_rotation_waits_for_the_first() -> None:
    ring = rotated(Ring.parse("old"))
    with pytest.raises(Conflict, match="2027-01-15T08:05:00Z"):
        rotated(ring, b"newer", NOW + 10)
    assert rotated(ring, b"newer", NOW + 300).signing(NOW + 600) == b"newer"


def test_a_leaked_key_ends_at_once_even_within_a_rotation() -> None:
    ring = rotated(Ring.parse("old")).rotated(b"newest", NOW + 10, signs_in_s=0, overlap_s=0)
    assert ring.accepted(NOW + 10) == (b"newest",)
    assert ring.accepted(NOW + 400) == (b"newest",), (
        "the key that should have signed by now ended with the others"
    )


@pytest.mark.parametrize(("signs_in", "overlap"), [(300, 60), (1, 3600), (0, 3600), (300, 0)])
def test_times_under_which_requests_would_be_refused_are_refused(signs_in: float, overlap: float) -> None:
    with pytest.raises(InvalidInput):
        Ring.parse("old").rotated(b"new", NOW, signs_in_s=signs_in, overlap_s=overlap)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"bramble-keys": 1}',
        '{"bramble-keys": 1, "pseudonyms": "topsecret", "keys": []}',
        '{"bramble-keys": 1, "pseudonyms": "topsecret", "keys": [{"secret": "topsecret", "ends": "tomorrow"}]}',
        '{"bramble-keys": 2, "pseudonyms": "topsecret", "keys": [{"secret": "topsecret"}]}',
        '{"bramble-keys": 1, "pseudonyms": "topsecret", "keys": [{"secret": "topsec',
    ],
)
def test_a_ring_that_cant_be_read_says_so_without_its_secrets(text: str) -> None:
    with pytest.raises(InvalidInput) as told:
        Ring.parse(text)
    assert "topsec" not in str(told.value)
    assert told.value.__suppress_context__ or told.value.__context__ is None


def test_a_secret_that_only_looks_like_json_is_a_secret() -> None:
    assert Ring.parse('{"k": 1').signing(NOW) == b'{"k": 1'


def test_a_running_process_follows_its_file(tmp_path: Path) -> None:
    path, wall, mono = tmp_path / "secret", Hands(), Hands(0.0)
    path.write_text("old\n")
    path.chmod(0o640)
    keys = Keys(path=path, wall=wall, monotonic=mono)
    before = encode_principal(WHO, keys, int(NOW))
    replace_file(path, rotated(keys.ring).dump())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]
    mono.now += LOOK_S
    assert keys.signing == b"old"
    early = encode_principal(WHO, b"new", int(NOW))  # by a gateway whose clock is ahead
    assert decode_principal(early, keys, int(NOW)) == decode_principal(before, keys, int(NOW)) == WHO
    wall.now, mono.now = NOW + 301, mono.now + 301
    assert keys.signing == b"new"
    assert decode_principal(before, keys, int(NOW)) == WHO
    wall.now, mono.now = NOW + 4000, mono.now + 4000
    with pytest.raises(Unauthenticated):
        decode_principal(before, keys, int(NOW))


def test_a_file_that_is_gone_or_torn_changes_nothing(tmp_path: Path) -> None:
    path, mono = tmp_path / "secret", Hands(0.0)
    path.write_text("old")
    keys = Keys(path=path, monotonic=mono)
    for spoil in (
        path.unlink,
        lambda: path.write_text('{"bramble-keys": 1, "keys"'),
        lambda: path.write_text(""),
    ):
        spoil()
        mono.now += LOOK_S
        assert keys.signing == b"old"
    path.write_text("another")
    mono.now += LOOK_S
    assert keys.signing == b"another"


def test_pseudonyms_stay_when_the_internal_secret_changes(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("installed-long-ago")
    before = project_key(Settings(data_dir=tmp_path).pseudonyms, "p")
    assert before == project_key(b"installed-long-ago", "p"), "what existing installations have"
    ring = Ring.parse(path.read_text()).rotated(b"new", time.time() - 1e4, signs_in_s=300, overlap_s=3600)
    replace_file(path, ring.dump())
    after = Settings(data_dir=tmp_path)
    assert (after.secret, project_key(after.pseudonyms, "p")) == (b"new", before)
    own = tmp_path / "own"
    own.write_text("own\n")
    assert Settings(data_dir=tmp_path, pseudonym_secret_file=own).pseudonyms == b"own"
    assert Settings(data_dir=tmp_path, pseudonym_secret="said").pseudonyms == b"said"
