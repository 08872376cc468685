"""From cookie or key to identity: looked up in the tables, kept a few seconds in the process, forgotten at once on revocation.

A session whose time is up is looked up together with the others whose time is up: one at a time they cost more than a submission's own
work, and with many raters at work each comes back after its seconds are over.

Bound: in the process that handles the log-out, revocation or change of role it holds for the very next request; other replicas and
changes by `bramble admin` follow within `TTL_S`.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from starlette.concurrency import run_in_threadpool

from services.gateway import consent
from services.gateway.domain.credentials import looks_like_key, token_hash
from services.gateway.store import AccountStore, Found
from shared.auth import MAX_AGE_S, Principal, Role, encode_principal
from shared.errors import Unauthenticated
from shared.keys import Keys

COOKIE = "bramble_session"
TTL_S = 5.0
_SIGNATURE_S = (
    60.0  # a signed header is used again for so long; services refuse it after shared.auth.MAX_AGE_S
)
_TOO_OLD_S = MAX_AGE_S / 2
_MOST = 20_000
#: Sessions in one look-up, and for how long after its last request a session is looked up along with others'.
_TOGETHER, _PRESENT_S = 64, 120.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. Anonymous: `principal` is None. `credential` is the hash of the session token or key, "" when anonymous."""

    principal: Principal | None = None
    kind: str = "anonymous"  # anonymous, session, key
    credential: str = ""
    header: bytes = b""
    consent_current: bool = False

    @property
    def account_id(self) -> str:
        return self.principal.id if self.principal else ""

    def best_role(self) -> Role | None:
        """The highest role held anywhere."""
        if self.principal is None:
            return None
        return max([self.principal.role, *self.principal.memberships.values()])


ANONYMOUS = Identity()


@dataclass(slots=True)
class _Entry:
    identity: Identity
    until: float
    signed_at: float
    used_at: float
    key: bytes  # that signed


class Authenticator:
    """Turns request headers into identities. Look-ups that may wait run in the thread pool; the others, and hits, stay on the event
    loop."""

    def __init__(
        self,
        store: AccountStore,
        keys: Keys,
        *,
        ttl_s: float = TTL_S,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._keys = store, keys
        # A signature's age is read off the clock that services hold it against: where that is stepped, it is signed anew at once.
        self._ttl_s, self._monotonic, self._wall = ttl_s, monotonic, wall
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._generation = 0

    def cached(self, digest: str) -> Identity | None:
        """The identity of a credential, when it was looked up within the last seconds."""
        entry = self._entries.get(digest)
        now = self._monotonic()
        if entry is None or entry.until <= now or abs(self._wall() - entry.signed_at) > _TOO_OLD_S:
            return None
        if entry.key != self._keys.signing:
            return None
        entry.used_at = now
        return entry.identity

    async def by_session(self, token: str) -> Identity:
        """The identity of a session cookie; anonymous when it is unknown, expired or ended."""
        digest = token_hash(token)
        identity = self.cached(digest)
        if identity is None:
            if self._store.reads_at_once:
                identity = self._look_up_session(digest)
            else:
                identity = await run_in_threadpool(self._look_up_session, digest)
        return identity or ANONYMOUS

    async def by_key(self, text: str) -> Identity:
        """The identity of an API key. Raises Unauthenticated when it is unknown or revoked."""
        if not looks_like_key(text):
            raise Unauthenticated("This isn't an API key; it must look like brk_<prefix>_<secret>.")
        digest = token_hash(text)
        identity = self.cached(digest) or await run_in_threadpool(self._look_up_key, digest)
        if identity is None:
            raise Unauthenticated("The API key is unknown or revoked; make a new one under Keys.")
        return identity

    async def again(self, identity: Identity) -> Identity | None:
        """The same credential as it stands now, for requests that stay open; None when it has ended."""
        digest = identity.credential
        look_up = self._look_up_key if identity.kind == "key" else self._look_up_session
        return self.cached(digest) or await run_in_threadpool(look_up, digest)

    def _look_up_key(self, digest: str) -> Identity | None:
        generation, found = self._generation, self._store.find_key(digest)
        with self._lock:
            return self._keep("key", digest, found, generation, self._monotonic())

    def _look_up_session(self, digest: str) -> Identity | None:
        generation = self._generation
        others = self._due(digest)
        found = self._store.find_sessions([digest, *others])
        now = self._monotonic()
        with self._lock:
            for other, used_at in others.items():
                self._keep("session", other, found.get(other), generation, used_at)
            return self._keep("session", digest, found.get(digest), generation, now)

    def _due(self, digest: str) -> dict[str, float]:
        """Sessions whose time is up and that were used a short while ago, with when that was; those that weren't are let go.

        Entries lie in the order of their look-ups, so the due ones come first.
        """
        now = self._monotonic()
        due: dict[str, float] = {}
        with self._lock:
            gone = []
            for other, entry in islice(self._entries.items(), 2 * _TOGETHER):
                if entry.until > now or len(due) == _TOGETHER - 1:
                    break
                if entry.used_at + _PRESENT_S < now:
                    gone.append(other)
                elif entry.identity.kind == "session" and other != digest:
                    due[other] = entry.used_at
            for other in gone:
                del self._entries[other]
        return due

    def _keep(
        self, kind: str, digest: str, found: Found | None, generation: int, used_at: float
    ) -> Identity | None:
        """Keep what was read, in the caller's lock; `generation` is that of before the reading."""
        if found is None:
            self._entries.pop(digest, None)
            return None
        now, principal = self._monotonic(), _principal(found)
        old = self._entries.get(digest)
        wall, key = self._wall(), self._keys.signing
        young = old is not None and old.key == key and abs(wall - old.signed_at) < _SIGNATURE_S
        if old and young and old.identity.principal == principal:
            header, signed_at = old.identity.header, old.signed_at
        else:
            header, signed_at = encode_principal(principal, key, int(wall)).encode(), wall
        current = found.account.consent_version == consent.CURRENT
        identity = Identity(principal, kind, digest, header, current)
        # What was read before a revocation must not be kept after it.
        if generation == self._generation:
            self._entries[digest] = _Entry(identity, now + self._ttl_s, signed_at, used_at, key)
            self._entries.move_to_end(digest)
            while len(self._entries) > _MOST:
                self._entries.popitem(last=False)
        return identity

    def sign(self, principal: Principal) -> bytes:
        """A fresh header value for a principal that differs from the cached one."""
        return encode_principal(principal, self._keys).encode()

    def forget(self, digest: str) -> None:
        """The credential was ended."""
        with self._lock:
            self._generation += 1
            self._entries.pop(digest, None)

    def forget_account(self, account_id: str) -> None:
        """The account's role, memberships, consent or lock changed."""
        with self._lock:
            self._generation += 1
            for digest in [d for d, e in self._entries.items() if e.identity.account_id == account_id]:
                del self._entries[digest]


def _principal(found: Found) -> Principal:
    account = found.account
    return Principal(
        id=account.id,
        role=account.role,
        memberships=found.memberships,
        scopes=found.scopes,
        is_guest=account.is_guest,
        key_id=found.key_id,
    )


def read_credentials(headers: list[tuple[bytes, bytes]]) -> tuple[str, str, str]:
    """(API key, session token, CSRF token) of raw ASGI headers; "" where absent. Raises Unauthenticated for an `Authorization` of
    another scheme, because silently falling back to the cookie would hide a mistake."""
    key = session = csrf = ""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, rest = value.decode("latin-1").partition(" ")
            if scheme.lower() != "bearer" or not rest.strip():
                raise Unauthenticated("Send an API key as `Authorization: Bearer brk_…`.")
            key = rest.strip()
        elif name == b"cookie":
            for part in value.split(b";"):
                label, _, content = part.strip().partition(b"=")
                if label == COOKIE.encode():
                    session = content.decode("latin-1")
        elif name == b"x-csrf-token":
            csrf = value.decode("latin-1")
    return key, session, csrf
