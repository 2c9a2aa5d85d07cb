"""What a feed says before it is judged: the common ground of the readers in front of ``feeds``."""

from __future__ import annotations

from dataclasses import dataclass, field

from rongmei.sources.collectors.identify import Draft
from rongmei.sources.types import Hints


@dataclass(slots=True)
class Entry:
    """One entry as it was written; times are texts still, the most trustworthy first."""

    draft: Draft
    published: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Feed:
    """A feed as it was written; ``base`` is what its links are relative to."""

    base: str
    title: str = ""
    language: str = ""
    entries: list[Entry] = field(default_factory=list)
    next_links: list[str] = field(default_factory=list)
    hints: Hints = field(default_factory=Hints)
