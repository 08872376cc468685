"""Decisions of the gateway, without I/O."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain import credentials as c
from services.gateway.domain import hooks
from services.gateway.domain.limits import Limit, Limiter, retry_after
from services.gateway.identity import read_credentials
from shared.errors import InvalidInput, Unauthenticated


def counting_bytes(start: int = 0):
    """A source of bytes that tests know."""

    def make(n: int) -> bytes:
        return bytes((start + i) % 256 for i in range(n))

    return make


def test_key_has_its_documented_form_and_is_found_by_hash() -> None:
    key = c.new_api_key(counting_bytes())
    assert key.text.startswith("brk_01234567_")
    assert c.looks_like_key(key.text)
    assert key.digest == c.token_hash(key.text)
    assert key.text not in repr((key.prefix, key.digest))
    assert c.new_api_key().text != c.new_api_key().text


@pytest.mark.parametrize(
    "text", ["", "brk_", "brk_01234567_short", "BRK_01234567_" + "A" * 43, "brk_0123456_" + "A" * 43]
)
def test_other_text_is_no_key(text: str) -> None:
    assert not c.looks_like_key(text)


@given(st.text(max_size=80))
def test_only_the_right_csrf_token_passes(given_text: str) -> None:
    session = c.token_hash("session")
    right = c.csrf_token(b"secret", session)
    assert c.csrf_matches([b"secret"], session, right)
    assert c.csrf_matches([b"secret"], session, given_text) == (given_text == right)
    assert not c.csrf_matches([b"other"], session, right)
    assert not c.csrf_matches([b"secret"], c.token_hash("other"), right)


@pytest.mark.parametrize(
    ("text", "email"), [("A@B.org", "a@b.org"), ("  a.b+c@d-e.co.uk ", "a.b+c@d-e.co.uk")]
)
def test_addresses_are_normalised(text: str, email: str) -> None:
    assert c.normalise_email(text) == email
    assert c.normalise_email(email) == email


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "a@@b.org",
        "a b@c.org",
        "a@b.org\n,c@d.org",
        "a@b.org\x00",
        "@b.org",
        "a" * 300 + "@b.org",
    ],
)
def test_other_text_is_no_address(text: str) -> None:
    with pytest.raises(InvalidInput):
        c.normalise_email(text)


def test_scopes() -> None:
    assert c.parse_scopes(None) == {"read", "write"}
    assert c.parse_scopes(["admin"]) == {"admin"}
    for bad in ([], ["root"]):
        with pytest.raises(InvalidInput):
            c.parse_scopes(bad)


def test_bucket_gives_its_burst_and_then_its_rate() -> None:
    now = [0.0]
    limiter = Limiter(lambda: now[0])
    limit = Limit("x", per_second=2, burst=3, what="x")
    assert [limiter.take(limit, "a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert limiter.take(limit, "b") == 0
    now[0] = 0.5
    assert limiter.peek(limit, "a") == 0
    assert limiter.take(limit, "a") == 0
    assert limiter.take(limit, "a") == 0.5
    now[0] = 100
    assert [limiter.take(limit, "a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert retry_after(0.2) == 1
    assert retry_after(1.2) == 2


def test_bucket_memory_is_bounded_and_forgets_the_oldest() -> None:
    now = [0.0]
    limiter = Limiter(lambda: now[0], most=100)
    limit = Limit("x", per_second=0.001, burst=1, what="x")
    for i in range(1000):
        now[0] = float(i)
        assert limiter.take(limit, str(i)) == 0
        assert len(limiter._buckets) <= 100
    assert limiter.take(limit, "999") > 0


def test_switched_off_limiter_lets_all_pass() -> None:
    limiter = Limiter(lambda: 0.0, enabled=False)
    assert {limiter.take(Limit("x", 1, 1, "x"), "a") for _ in range(10)} == {0.0}


@given(st.binary(max_size=200), st.integers(0, 2**40))
def test_signature_binds_body_time_and_secret(body: bytes, at: int) -> None:
    header = hooks.sign("s", at, body)
    assert hooks.verify("s", header, body, at)
    assert not hooks.verify("s", header, body + b"x", at)
    assert not hooks.verify("t", header, body, at)
    assert not hooks.verify("s", header, body, at + 301)
    assert not hooks.verify("s", header.replace("t=", "t=1"), body, at)
    assert not hooks.verify("s", "rubbish", body, at)


def test_retries_back_off_and_end() -> None:
    waits = [hooks.next_try_s(n) for n in range(1, hooks.MAX_TRIES + 1)]
    assert waits[-1] is None
    assert waits[:-1] == sorted(w for w in waits if w is not None)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.1.1", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "224.0.0.1", "2002:7f00:1::"),
    ],
)
def test_inner_addresses_are_refused(address: str) -> None:
    with pytest.raises(InvalidInput):
        hooks.check_addresses([address], allow_private=False)
    with pytest.raises(InvalidInput):
        hooks.check_addresses(["93.184.216.34", address], allow_private=False)


def test_public_addresses_pass_and_private_ones_where_allowed() -> None:
    hooks.check_addresses(["93.184.216.34", "2606:2800:220:1::1"], allow_private=False)
    hooks.check_addresses(["10.0.0.1", "127.0.0.1"], allow_private=True)
    for address in ("169.254.169.254", "224.0.0.1"):
        with pytest.raises(InvalidInput):
            hooks.check_addresses([address], allow_private=True)


def test_credentials_are_read_from_raw_headers() -> None:
    headers = [(b"cookie", b"a=1; bramble_session=tok; b=2"), (b"x-csrf-token", b"c")]
    assert read_credentials(headers) == ("", "tok", "c")
    assert read_credentials([(b"authorization", b"bearer key")]) == ("key", "", "")
    assert read_credentials([(b"cookie", b"xbramble_session=tok")]) == ("", "", "")
    for bad in (b"Basic x", b"Bearer", b"Bearer  ", b"key"):
        with pytest.raises(Unauthenticated):
            read_credentials([(b"authorization", bad)])
