"""Where the three-person rule is attacked, and the table of attacks that test_review_attacks.py fills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rongmei.channels import actions as channels
from rongmei.channels.models import Channel
from rongmei.network.models import RoleHolding
from rongmei.stories import actions
from rongmei.stories.models import Story
from rongmei.stories.tests import newsroom


@dataclass
class Scene:
    """Where an attack plays: the cast, browsers, and the patch that sets clocks."""

    cast: Any
    signed_in: Callable[[str], Any]
    patch: pytest.MonkeyPatch

    def give(self, username: str, role: str) -> None:
        RoleHolding.objects.create(
            member=self.cast.people[username], unit=self.cast.unit("yunling"), role=role
        )

    def lend(self, by: str, to: str, step: str = "second", **when: Any) -> Any:
        return actions.delegation_make(
            by=self.cast[by], unit_id=self.cast.unit("yunling").pk, to_id=self.cast.people[to].pk,
            permission=f"stories.review_{step}", reason="示例",
            ends_at=timezone.now() + timedelta(**(when or {"days": 1})),
        )  # fmt: skip

    def at(self, step: str, **fields: Any) -> Story:
        return newsroom.at_step(self.cast, step, **fields)

    def sign(self, story: Story, step: str, by: str = "") -> Story:
        return newsroom.sign(self.cast, story, step, by=by)

    def share(self, story: Story) -> None:
        actions.story_share(by=self.cast["yl.chief"], story_id=story.pk)

    def publish(self, story: Story, **more: Any) -> None:
        """At the platform, after the story was offered to it."""
        site, _new = Channel.objects.get_or_create(
            unit=self.cast.unit("platform"), name="示例站", defaults={"adapter": "site"}
        )
        channels.publication_publish(
            by=self.cast["editor"], story_id=story.pk, channel_ids=[site.pk], **more
        )


@dataclass(frozen=True)
class Attack:
    """One row: how it is tried, which rule it would break, and with which code it is refused."""

    key: str
    road: str
    rule: str
    code: str
    line: str
    run: Callable[[Scene], Any]


ATTACKS: list[Attack] = []


def attack(
    road: str, rule: str, code: str, line: str = "story.refused"
) -> Callable[[Callable[[Scene], Any]], Callable[[Scene], Any]]:
    def keep(run: Callable[[Scene], Any]) -> Callable[[Scene], Any]:
        ATTACKS.append(Attack(run.__name__, road, rule, code, line, run))
        return run

    return keep
