"""The first accounts: an operator by the command line, and the demo's three."""

from __future__ import annotations

import secrets

from services.gateway import consent
from services.gateway.domain.credentials import check_password, normalise_email
from services.gateway.passwords import Passwords
from services.gateway.store import AccountStore
from services.gateway.store_access import AuditStore, Entry
from shared.auth import Role
from shared.deps import Deps
from shared.errors import Conflict, InvalidInput
from shared.keys import Ring, fingerprint, replace_file

DEMO_ACCOUNTS = (
    ("volunteer@demo.example", "pick-berries-01", "Demo volunteer", Role.VOLUNTEER),
    ("lab@demo.example", "pick-berries-02", "Demo lab", Role.LAB),
    ("operator@demo.example", "pick-berries-03", "Demo operator", Role.OPERATOR),
)


def create_operator(deps: Deps, email: str, password: str) -> str:
    """Make an operator's account, or make the account of that address one (with this password; its sessions end). Answers its id.
    Raises InvalidInput. Whoever may run this may read the database anyway, so nobody is asked for a password."""
    email = normalise_email(email)
    check_password(password, email)
    accounts = AccountStore(deps.db, deps.clock)
    hashed = Passwords().hash_now(password)
    known = accounts.by_email(email)
    if known is None:
        account = accounts.create_account(email, hashed, "Operator", consent.CURRENT, Role.OPERATOR)
    else:
        accounts.set_password(known.id, hashed)
        account = accounts.change(known.id, role=Role.OPERATOR, disabled=False)
    AuditStore(deps.db, deps.clock).write(Entry("user.role-operator", "command-line", target=account.id))
    return account.id


def rotate_keys(deps: Deps, *, signs_in_s: float, overlap_s: float, write: bool = True) -> Ring:
    """Give the internal secret a successor and write it into the secret's file, unless `write` is False; answers the ring. Raises Conflict
    and InvalidInput, also where the secret has no file, or none that can be replaced."""
    settings = deps.settings
    ring = settings.keys.ring.rotated(
        secrets.token_hex(32).encode(),
        deps.clock.now_us() / 1e6,
        signs_in_s=signs_in_s,
        overlap_s=overlap_s,
    )
    if write:
        if settings.internal_secret:
            raise InvalidInput(
                "The secret is given by BRAMBLE_INTERNAL_SECRET itself, which nothing here can change; say --print and put the ring there."
            )
        try:
            replace_file(settings.secret_path, ring.dump())
        except OSError as error:
            raise InvalidInput(
                f"{settings.secret_path} can't be replaced ({error.strerror}); say --print and put the ring where the file comes from."
            ) from error
    entry = Entry("keys.rotate", "command-line", target=fingerprint(ring.keys[-1].secret))
    AuditStore(deps.db, deps.clock).write(entry)
    return ring


def ensure_demo_accounts(deps: Deps) -> list[tuple[str, str, str]]:
    """Make the demo's volunteer, lab and operator where they are missing; answers (e-mail, password, role) of each. Their passwords
    are printed in the README, so this is for trying out on one's own machine only."""
    accounts = AccountStore(deps.db, deps.clock)
    passwords = Passwords()
    for email, password, name, role in DEMO_ACCOUNTS:
        if accounts.by_email(email) is None:
            try:
                accounts.create_account(email, passwords.hash_now(password), name, consent.CURRENT, role)
            except Conflict:
                continue  # a second start at the same moment was quicker
    return [(email, password, str(role)) for email, password, _, role in DEMO_ACCOUNTS]
