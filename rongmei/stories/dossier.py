"""What the final reviewer answers for, on one page: every change since each earlier signature, the
machine's report, where the matter comes from, clearances, pictures made by machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rongmei.exemplars import selectors as exemplars
from rongmei.stories import canonical, stepwise
from rongmei.stories import policy as rules
from rongmei.stories.models import Signature, Story
from rongmei.stories.stepwise import StepChange


@dataclass(frozen=True)
class Dossier:
    """The final reviewer's side panel.

    `changed_since` are the signatures after which the text was changed, at all; a material change
    would have ended them. `clearance` says why an exemplar may not be featured.
    """

    against: tuple[StepChange, ...]
    clearance: tuple[str, ...]
    made_by_machine: int
    maybe_by_machine: int
    uncredited: int
    pictures: int
    lacking: tuple[str, ...]

    @property
    def changed_since(self) -> tuple[StepChange, ...]:
        """Steps whose signature stands for an earlier text."""
        return tuple(one for one in self.against if one.differences)


def images_of(shown: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every picture of what a reader is shown, the lead among them."""
    lead = shown.get("lead")
    return [*([lead] if lead else []), *shown["images"]]


def of(story: Story, signatures: Sequence[Signature], images: Iterable[Mapping[str, Any]]) -> Dossier:  # fmt: skip
    """Put it together for a story; `images` are those that it shows."""
    shown = list(images)
    public = rules.flow_of(story).public
    problems = exemplars.clearance_problems(
        unit_id=story.unit_id, features_exemplar=story.features_exemplar,
        text=canonical.all_text(canonical.content_of(story)), public=public,
    )  # fmt: skip
    terms = ("origin", "rights_basis", "byline")
    return Dossier(
        against=tuple(stepwise.against_present(story, signatures)),
        clearance=tuple(problems),
        made_by_machine=sum(one.get("aigc") == "1" for one in shown),
        maybe_by_machine=sum(one.get("aigc") in {"2", "3"} for one in shown),
        uncredited=sum(not one.get("credit") for one in shown),
        pictures=len(shown),
        lacking=tuple(name for name in terms if not getattr(story, name)),
    )
