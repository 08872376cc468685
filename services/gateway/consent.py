"""The consent that raters give. A change of meaning is a new version; accounts keep which version they agreed to and when."""

from __future__ import annotations

CURRENT = "2026-11-28"

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
    "2026-11-28": """\
# Before you start

**What you do.** You look at medical images without names and mark what the project's guide asks for. Your drawings are merged with
those of others; the result trains and tests computer programs for research. Some projects also offer practice, and a game in which you
say which images are real and which a computer drew.

**What we keep.** Your drawings, how you made them (time, clicks, whether a suggestion was shown), your comments and reasons to skip,
your tries at practice, your answers in the game, and how well all this agrees with references and with others. With an account also
your e-mail address, a display name and a hash of your password. As a guest: none of these three. We set one cookie, which keeps you
logged in.

**What it is used for.** To make training data, and for studies: how reliable people and programs are, whether people can tell a
computer's images from real ones, and what more answers would bring. What is published of such studies names nobody.

**Who sees what.** The lab that runs a project sees your drawings, answers and comments under a random number, never your e-mail
address. Published datasets carry that random number or none. Other volunteers see your display name only if you choose to be on a
leaderboard. The operator of this installation sees the list of accounts.

**Your choice.** Taking part is voluntary and unpaid. You can stop at any time, and erase your account yourself or ask the
installation's operator to do it: address, name, password, sessions, keys and memberships are then gone at once. Your drawings, answers
and comments stay, under a random number that leads to nobody any more; those in a published dataset or study can't be taken out of it.

**Not medical advice.** The images belong to other people and say nothing about you. Don't copy them, and don't try to find out whose
they are. Some show illness; skip whatever you'd rather not see.
""",
}


def current_text() -> str:
    """The consent that new raters are shown (Markdown)."""
    return TEXTS[CURRENT]
