"""Hooks of the stories room."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from rongmei.kernel.plugins import hookspec
from rongmei.kernel.ui.shapes import Step
from rongmei.stories.types import CheckedText, Finding


@dataclass(frozen=True)
class Checker:
    """A machine check. `run` is pure and quick: it reads a CheckedText and yields findings.

    `version` is kept with every report, so that one knows which rules a text was checked by;
    `version_of` tells it where the rules differ from text to text.
    """

    name: str
    version: str
    run: Callable[[CheckedText], Iterable[Finding]]
    version_of: Callable[[CheckedText], str] | None = None

    def version_for(self, text: CheckedText) -> str:
        """The version that this text is checked by."""
        return self.version_of(text) if self.version_of else self.version


@dataclass(frozen=True)
class StoryPart:
    """A part of a story's page that a room above fills, under 发布. `render` gives safe HTML for this
    person ("" for nothing to show); it reads only what they may see."""

    key: str
    render: Callable[[HttpRequest, Any], str]


@hookspec
def register_story_parts() -> list[StoryPart]:
    """Return parts of the story page: what became of the story beyond this room."""
    return []


@hookspec
def register_wanted_channels() -> list[tuple[str, object]]:
    """Return (key, name) of the channels a writer may wish a story to go to, and give titles for."""
    return []


@hookspec
def register_checks() -> list[Checker]:
    """Return the checks that run before every human step."""
    return []


@dataclass(frozen=True)
class StoryFate:
    """What became of stories after they were signed: 发布, 传播.

    `read` gives the stops for each of these stories to which something happened; it is asked by the
    correspondent's tracking page, so it tells only what whoever wrote the piece may know. `label`
    stands there until something happens.
    """

    label: object
    read: Callable[[Sequence[uuid.UUID]], dict[uuid.UUID, list[Step]]]


@hookspec
def register_story_fates() -> list[StoryFate]:
    """Return what the room knows of stories that went out, in the order in which it happens."""
    return []
