"""Which version of the shipped segmenter a person works with, while another one is tried on a share of them.

The choice is a hash of the version and the person: every process makes the same without asking another, a person keeps it while the share
grows, and another version draws other people.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from shared.settings import Settings

NEWEST = "newest"
"""How the version is told that no setting names."""


@dataclass(frozen=True, slots=True)
class Canary:
    """``version`` for ``share`` (0 to 1) of the people, ``stable`` for the others; "" is the newest."""

    stable: str = ""
    version: str = ""
    share: float = 0.0

    def takes(self, person: str) -> bool:
        """Whether the person works with the version that is tried. An empty ``person`` (no one in particular) never does."""
        if not self.version or not person:
            return False
        digest = hashlib.sha256(f"{self.version}:{person}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < self.share * 2**64

    def of(self, person: str) -> str:
        """The person's version, or `NEWEST`."""
        return (self.version if self.takes(person) else self.stable) or NEWEST


def canary(settings: Settings) -> Canary:
    """As the settings have it."""
    return Canary(settings.drupelet_version, settings.drupelet_canary, settings.drupelet_canary_share)
