"""What can happen in the stories room. The subject of every event is the story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rongmei.kernel.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class StoryEvent(DomainEvent):
    """Base: `title` as it is now, `state` after what happened."""

    subject_type: ClassVar[str] = "story"
    title: str = ""
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class StoryCreated(StoryEvent):
    """Somebody began a story; `task_id` when it is for a task."""

    name: ClassVar[str] = "stories.created"
    task_id: str = ""


@dataclass(frozen=True, kw_only=True)
class StorySaved(StoryEvent):
    """A new text was saved on purpose (not by itself); `fell_back` when a change sent it a step back."""

    name: ClassVar[str] = "stories.saved"
    fell_back: bool = False


@dataclass(frozen=True, kw_only=True)
class StorySubmitted(StoryEvent):
    """The story waits for its first review; `round` counts passages."""

    name: ClassVar[str] = "stories.submitted"
    round: int = 1


@dataclass(frozen=True, kw_only=True)
class StoryPassed(StoryEvent):
    """A review was passed and signed; `step` is first, second or final in the built-in flow, else the
    key of the flow's step."""

    name: ClassVar[str] = "stories.passed"
    step: str = ""


@dataclass(frozen=True, kw_only=True)
class StoryCorrected(StoryEvent):
    """Readers are to be told, in these words, what was wrong; `cause` is a code of `causes.CAUSES`."""

    name: ClassVar[str] = "stories.corrected"
    cause: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class StoryReturned(StoryEvent):
    """A reviewer gave the story back with a reason."""

    name: ClassVar[str] = "stories.returned"
    step: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StorySigned(StoryEvent):
    """Three reviews are signed over `content_hash`: the story may be published."""

    name: ClassVar[str] = "stories.signed"
    content_hash: str = ""


@dataclass(frozen=True, kw_only=True)
class StoryWithdrawn(StoryEvent):
    """The story must not be used any more; channels follow this."""

    name: ClassVar[str] = "stories.withdrawn"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StoryShared(StoryEvent):
    """A signed story was offered to another unit (`to_unit_id`), or came from another node."""

    name: ClassVar[str] = "stories.shared"
    to_unit_id: str = ""
    received: bool = False


@dataclass(frozen=True, kw_only=True)
class LexiconApproved(DomainEvent):
    """A second person put version `number` of a lexicon in force, with `size` entries."""

    name: ClassVar[str] = "stories.lexicon_approved"
    subject_type: ClassVar[str] = "lexicon"
    number: int = 0
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class SubmissionMoved(DomainEvent):
    """A submission went a step further (`kind`: sent, taken, asked, sent_again, adopted, merged,
    declined, withdrawn, overdue); `reason` where one was given, `story_id` once it is a story."""

    name: ClassVar[str] = "stories.submission_moved"
    subject_type: ClassVar[str] = "submission"
    title: str = ""
    kind: str = ""
    reason: str = ""
    story_id: str = ""
