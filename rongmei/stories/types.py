"""What the stories room hands to rooms above and to plugins."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad a finding is: 禁 stops the story, 慎 and 提示 ask a person."""

    FORBID = "forbid"
    CAUTION = "caution"
    HINT = "hint"


@dataclass(frozen=True)
class Finding:
    """One thing a check found. `start` and `end` count characters of the checked `part`.

    `advice` is a msgid (shown in the reader's language, with `values` put in), `suggestion` the words
    to put instead; `how` is a msgid that says how the words were hidden, if they were.
    """

    level: Level
    code: str
    part: str
    start: int
    end: int
    found: str
    excerpt: str
    advice: str
    suggestion: str = ""
    how: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """JSON-able form, as kept in a Check row."""
        return {**asdict(self), "level": self.level.value}


@dataclass(frozen=True)
class RulesInForce:
    """A version of a unit's lexicon that holds for a text: its key, what it holds, what it is called,
    and whether it is a lexicon of words or a table of people."""

    key: str
    digest: str
    label: str
    kind: str = "words"


@dataclass(frozen=True)
class LinkSeen:
    """A link of a story: where it leads, its words and their place in the body ("" and 0 where they
    are not found), and how the address answered."""

    url: str
    words: str
    start: int
    state: str
    why: str


@dataclass(frozen=True)
class CheckedText:
    """What checkers read: the parts of a story as plain text, and the day that "today" means.

    `parts` are (name, text) pairs; names are field names, "body" for the whole body. `rules` are the
    lexicons of units that hold for it. `pictures` are (published facts, caption given here) pairs;
    `own_names` are the names by which the unit is its own source; `channels` are keys of the channels
    wanted, `channel_titles` headlines made for some of them.
    """

    unit_id: uuid.UUID
    parts: tuple[tuple[str, str], ...]
    today: datetime
    aigc_pictures: int = 0
    pictures_without_credit: int = 0
    rules: tuple[RulesInForce, ...] = ()
    origin: str = ""
    rights_basis: str = ""
    own_names: frozenset[str] = frozenset()
    pictures: tuple[tuple[Mapping[str, Any], str], ...] = ()
    channels: tuple[str, ...] = ()
    channel_titles: Mapping[str, str] = field(default_factory=dict)
    links: tuple[LinkSeen, ...] = ()

    def part(self, name: str) -> str:
        """The text of a part; "" where it is empty."""
        return next((text for part, text in self.parts if part == name), "")


@dataclass(frozen=True)
class SignedBy:
    """A signature as others see it."""

    step: str
    person_id: str
    person_name: str
    role_at: str
    signed_at: str
    content_hash: str
    opinion: str
    round: int
    seal: str


@dataclass(frozen=True)
class SignedPackage:
    """A signed story as it may be published: exactly what the three signatures cover.

    `html` is safe; `lead_image` and `images` are dicts with url, width, height, caption, credit,
    aigc, digest; `clips` are videos and recordings with kind, mime, url, seconds, poster, caption,
    credit, transcript, aigc, digest. `credits` have name, role and share, `subjects` code and name.
    Times are aware.
    """

    story_id: uuid.UUID
    unit_id: uuid.UUID
    unit_name: str
    number: str
    kicker: str
    title: str
    subtitle: str
    summary: str
    html: str
    text: str
    byline: str
    origin: str
    category: str
    tags: tuple[str, ...]
    language: str
    place: str
    lead_image: dict[str, Any] | None
    images: tuple[dict[str, Any], ...]
    signatures: tuple[SignedBy, ...]
    content_hash: str
    signed_at: datetime
    embargo_until: datetime | None
    task_id: uuid.UUID | None
    pitch_id: uuid.UUID | None
    rights_basis: str = ""
    features_exemplar: bool = False
    clips: tuple[dict[str, Any], ...] = ()
    short_title: str = ""
    channel_titles: dict[str, str] = field(default_factory=dict)
    credits: tuple[dict[str, Any], ...] = ()
    subjects: tuple[dict[str, str], ...] = ()
    channels_wanted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """How one text differs from another. `material` sends a story one step back."""

    reasons: tuple[str, ...] = ()
    share: float = 0.0
    same: bool = True
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def material(self) -> bool:
        """Whether a signature over the earlier text no longer speaks for the later one."""
        return bool(self.reasons)


@dataclass(frozen=True)
class Picked:
    """A story to sign, at which step, over exactly which text."""

    story_id: uuid.UUID
    step: str
    content_hash: str


@dataclass(frozen=True)
class Outcome:
    """What became of one: `error` is empty when it was signed."""

    story_id: uuid.UUID
    title: str
    error: str = ""
