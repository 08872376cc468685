"""The consent that raters give. A change of meaning is a new version; accounts keep which version they agreed to and when."""

from __future__ import annotations

CURRENT = "2026-11"

TEXTS = {
    "2026-11": """\
# Before you start

**What you do.** You look at medical images without names and mark what the project's guide asks for. Your drawings are merged with
those of others; the result trains and tests computer programs for research.

**What we keep.** Your drawings, how long each took, and how well they agree with others. With an account also your e-mail address,
a display name and a hash of your password. As a guest: none of these three. We set one cookie, which keeps you logged in.

**Who sees what.** The lab that runs a project sees your drawings under a random number, never your e-mail address. Published
datasets carry that random number or none.

**Your choice.** Taking part is voluntary and unpaid. You can stop at any time, and erase your account yourself or ask the
installation's operator to do it: address, name, password, sessions, keys and memberships are then gone at once. Your drawings stay,
under a random number that leads to nobody any more; those in a published dataset can't be taken out of it.

**Not medical advice.** The images belong to other people and say nothing about you. Don't copy them, and don't try to find out whose
they are. Some show illness; skip whatever you'd rather not see.
""",
}


def current_text() -> str:
    """The consent that new raters are shown (Markdown)."""
    return TEXTS[CURRENT]
