"""Terms: whoever was put in quarantine and passed practice again is judged anew from then on.

What was answered before keeps the weight that it earned: practising doesn't make a hundred blank masks good ones, and otherwise three
careful answers would buy them back. What is answered after says, alone, how much the rater counts, beginning where every newcomer does;
so a later quarantine rests on new evidence only. To the estimate the two are two people; outside of it they are one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.consensus.domain.hierarchical import RaterModel, RaterParams
from services.consensus.domain.reliability import Given, RaterReport
from services.consensus.domain.votes import ImageVotes, image_votes

#: Rater → when their terms after the first began, microseconds, rising.
Terms = Mapping[str, Sequence[int]]
Times = Mapping[tuple[str, str], Given]  # (image, rater)
_BETWEEN = "\x1f"  # never in a rater's id


def name_of(rater: str, term: int) -> str:
    """What the estimate calls a rater in their `term`-th term, from 0."""
    return f"{rater}{_BETWEEN}{term}" if term else rater


def rater_of(name: str) -> str:
    """The inverse of `name_of`, without the term."""
    return name.partition(_BETWEEN)[0]


def split(
    votes: Sequence[ImageVotes], given: Times, terms: Terms
) -> tuple[list[ImageVotes], dict[tuple[str, str], Given]]:
    """Votes and times with each rater's terms as people of their own. An answer whose time isn't known is of the first term."""
    times = dict(given)
    if not terms:
        return list(votes), times
    out = []
    for one in votes:
        if terms.keys().isdisjoint(one.raters):
            out.append(one)
            continue
        named = {}
        for rater, mask in zip(one.raters, one.masks, strict=True):
            when = given.get((one.image, rater))
            term = bisect_right(terms.get(rater, ()), when.at) if when is not None else 0
            named[name_of(rater, term)] = mask
            if term and when is not None:
                times[one.image, name_of(rater, term)] = times.pop((one.image, rater))
        out.append(image_votes(one.image, named))
    return out, times


def with_newcomers(model: RaterModel, terms: Terms) -> RaterModel:
    """The model with an entry for everybody's newest term, also where nothing was answered in it yet."""
    new = {
        name: RaterParams()
        for rater, starts in terms.items()
        if rater in model.raters and (name := name_of(rater, len(starts))) not in model.raters
    }
    return replace(model, raters={**model.raters, **new}) if new else model


@dataclass(frozen=True, slots=True)
class Belief:
    """One rater and class. `params` and `report`: of the newest term, which began at `since` (0: the first); `earlier`: (start, params) of
    those before in which something was answered, rising."""

    rater: str
    since: int
    params: RaterParams
    report: RaterReport
    earlier: tuple[tuple[int, RaterParams], ...] = ()

    def at(self, when: int) -> RaterParams:
        """What an answer given at `when` (microseconds) is weighed by."""
        if when >= self.since:
            return self.params
        fitting = [params for start, params in self.earlier if start <= when]
        return fitting[-1] if fitting else RaterParams()


def fold(model: RaterModel, reports: Sequence[RaterReport], terms: Terms) -> list[Belief]:
    """The estimate of all terms, one belief a rater, sorted by rater. `reports`: one for each rater of the model."""
    by: dict[str, dict[int, RaterReport]] = defaultdict(dict)
    for one in reports:
        rater, _, term = one.rater.partition(_BETWEEN)
        by[rater][int(term or 0)] = one
    out = []
    for rater, found in sorted(by.items()):
        starts = (0, *terms.get(rater, ()))
        newest = max(found)
        flags = tuple(_plain(flag) for flag in found[newest].flags)
        earlier = [(starts[k], model.of(name_of(rater, k))) for k in sorted(found) if k != newest]
        report = replace(found[newest], rater=rater, flags=flags)
        out.append(Belief(rater, starts[newest], model.of(name_of(rater, newest)), report, tuple(earlier)))
    return out


def _plain(flag: str) -> str:
    what, colon, other = flag.partition(":")
    return f"{what}:{rater_of(other)}" if colon else flag
