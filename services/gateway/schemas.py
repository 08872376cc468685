"""What the gateway's routes take and answer. Every model forbids unknown fields in requests, so that a typo isn't silently ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RoleName = Literal["volunteer", "expert", "lab", "operator"]
ProjectRole = Literal["volunteer", "expert", "lab"]
Scope = Literal["read", "write", "admin"]
Id = Annotated[str, Field(examples=["019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e"])]
Time = Annotated[str, Field(examples=["2026-11-23T20:15:00.000000Z"])]
# NUL can't be stored in PostgreSQL's text; refusing it here keeps it a 422.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class Body(BaseModel):
    """Base of request bodies."""

    model_config = ConfigDict(extra="forbid")


def _example(model: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [model]})


class Consent(BaseModel):
    """The consent that raters give."""

    version: str = Field(examples=["2026-11-28"])
    text: str = Field(description="Markdown.")


class GuestIn(Body):
    """A guest has no address and no password; the cookie is the account."""

    model_config = _example({"consent_version": "2026-11-28", "display_name": "Robin"})
    consent_version: Text
    display_name: Annotated[Text, Field(max_length=200)] | None = None


class RegisterIn(Body):
    """A new account; with a guest's session the guest becomes it."""

    model_config = _example(
        {
            "email": "robin@example.org",
            "password": "seventeen brown hares",
            "display_name": "Robin",
            "consent_version": "2026-11-28",
        }
    )
    email: Annotated[Text, Field(max_length=300)]
    password: Annotated[Text, Field(max_length=1000)]
    display_name: Annotated[Text, Field(max_length=200)]
    consent_version: Text


class LoginIn(Body):
    """Address and password."""

    model_config = _example({"email": "robin@example.org", "password": "seventeen brown hares"})
    email: Annotated[Text, Field(max_length=300)]
    password: Annotated[Text, Field(max_length=1000)]


class PasswordIn(Body):
    """A change of password ends all sessions of the account but the new one."""

    model_config = _example({"current": "seventeen brown hares", "new": "eighteen brown hares"})
    current: Annotated[Text, Field(max_length=1000)]
    new: Annotated[Text, Field(max_length=1000)]


class EraseIn(Body):
    """Proof that it's the person: the password. A guest has none and leaves it out."""

    model_config = _example({"password": "seventeen brown hares"})
    password: Annotated[Text, Field(max_length=1000)] | None = None


class Erased(BaseModel):
    """What became of an account."""

    erased: bool = True
    kept: str = Field(
        "The drawings stay, under a random number that leads to nobody any more; all else about the person is gone.",
        description="One sentence on what stays.",
    )


class ConsentIn(Body):
    """Agreement to a version that was shown."""

    model_config = _example({"version": "2026-11-28"})
    version: Text


class Me(BaseModel):
    """Who is logged in."""

    id: Id
    role: RoleName
    display_name: str
    email: str | None = Field(description="null for guests.")
    is_guest: bool
    csrf_token: str = Field(description="Send as X-CSRF-Token on unsafe methods; empty when an API key asks.")
    consent_version: str | None
    consent_current: bool
    memberships: dict[str, RoleName] = Field(description="Project id → role.")
    leaderboard: bool = Field(
        description="Whether the name may stand on leaderboards; asked for, never assumed."
    )


class MePatch(Body):
    """What to change about yourself; what is left out stays."""

    model_config = _example({"display_name": "Robin"})
    display_name: Annotated[Text, Field(max_length=200)] | None = None
    leaderboard: bool | None = None


class Placed(BaseModel):
    """A place on a leaderboard."""

    place: int
    name: str
    quality: float = Field(description="Lower end of the 95 % interval of the mean Dice on gold, 0..1.")
    gold_seen: int
    is_me: bool


class Leaderboard(BaseModel):
    """Those who want to be seen, by quality that is sure, whatever the count."""

    items: list[Placed]


class KeyIn(Body):
    """A new API key."""

    model_config = _example({"name": "nightly upload", "scopes": ["read", "write"]})
    name: Annotated[Text, Field(max_length=200)]
    scopes: list[Scope] | None = Field(None, description="Default: read and write.")


class Key(BaseModel):
    """An API key as listed; never its secret."""

    id: Id
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: Time
    last_used_at: Time | None
    revoked_at: Time | None


class NewKeyOut(Key):
    """A fresh key; `secret` is shown this once."""

    secret: str = Field(examples=["brk_k3v9x0ab_" + "A" * 43])


class Keys(BaseModel):
    items: list[Key]
    next: None = None


class MemberIn(Body):
    """Name the account by address or by id."""

    model_config = _example({"email": "robin@example.org", "role": "expert"})
    email: Annotated[Text, Field(max_length=300)] | None = None
    user_id: Annotated[Text, Field(max_length=64)] | None = None
    role: ProjectRole


class Member(BaseModel):
    user_id: Id
    display_name: str
    role: ProjectRole
    added_at: Time


class Members(BaseModel):
    items: list[Member]
    next: str | None


class AuditEntry(BaseModel):
    """Who did what to what, when."""

    id: Id
    at: Time
    account_id: str
    key_id: str | None
    action: str = Field(examples=["dataset.download"])
    project_id: str | None
    target: str | None
    status: int
    request_id: str


class AuditPage(BaseModel):
    items: list[AuditEntry]
    next: str | None


class WebhookIn(Body):
    """Events of a project as signed POSTs to `url`."""

    model_config = _example(
        {
            "project_id": "019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e",
            "url": "https://lab.example.org/bramble",
            "types": ["DatasetPublished"],
        }
    )
    project_id: Annotated[Text, Field(max_length=64)]
    url: Annotated[Text, Field(max_length=2000)]
    types: list[str] | None = Field(None, description="Event names; default: all.")


class Webhook(BaseModel):
    id: Id
    project_id: Id
    url: str
    types: list[str]
    created_at: Time
    pending: int
    failed: int = Field(description="Deliveries that were given up.")


class NewWebhook(Webhook):
    """A fresh webhook; `secret`, the key of the HMAC, is shown this once."""

    secret: str


class Webhooks(BaseModel):
    items: list[Webhook]
    next: None = None


class User(BaseModel):
    id: Id
    role: RoleName
    display_name: str
    email: str | None
    is_guest: bool
    disabled: bool
    created_at: Time


class Users(BaseModel):
    items: list[User]
    next: str | None


class UserPatch(Body):
    """What is left out stays."""

    model_config = _example({"role": "lab"})
    role: RoleName | None = None
    disabled: bool | None = None


class DeadLetter(BaseModel):
    """An event that a consumer could not apply."""

    id: str = Field(examples=["consensus.17"])
    service: str
    consumer: str
    topic: str
    key: str
    event_id: str
    error: str
    created_at: Time
    replayed_at: Time | None
    type: str | None = None
    detail: str | None = Field(None, description="The traceback; only when one letter is read.")


class DeadLetters(BaseModel):
    items: list[DeadLetter]
    next: None = None
    unreachable: list[str] = Field(description="Services that didn't answer; their letters are missing here.")


class Replayed(BaseModel):
    id: str
    service: str
    replayed_at: Time
