"""A newsroom for tests: signed stories without the way to them.

It stands in for the two reads of the stories room that publishing relies on, so that tests of
channels, portal and impact are about publishing only.
"""

from __future__ import annotations

import dataclasses
import uuid
from html import escape
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.utils import timezone

from rongmei.channels.models import Channel
from rongmei.kernel.errors import NotFound
from rongmei.kernel.text import sha256
from rongmei.network import policy
from rongmei.stories import selectors as stories
from rongmei.stories.errors import NotSigned
from rongmei.stories.types import SignedPackage

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from rongmei.network.models import Member, Unit


def paragraphs(*words: str) -> str:
    """Paragraphs as HTML."""
    return "".join(f"<p>{escape(one)}</p>" for one in words)


class Newsroom:
    """Signs stories at once; `offer` makes them available to other units' platforms."""

    def __init__(self) -> None:
        self.packages: dict[uuid.UUID, SignedPackage] = {}
        self.offered: set[uuid.UUID] = set()

    def sign(self, unit: Unit, title: str, *words: str, **changes: Any) -> uuid.UUID:
        """A signed story of the unit; `changes` are fields of the package."""
        said = words or ("(示例)山里的灯亮了。",)
        story = apps.get_model("stories", "Story")._default_manager.create(
            unit=unit, title=title, author_id=uuid.uuid4(), author_name="示例记者", state="signed",
            signed_at=timezone.now(), home=changes.pop("home", None),
        )  # fmt: skip
        fields: dict[str, Any] = {
            "story_id": story.pk, "unit_id": unit.pk, "unit_name": unit.name, "number": "SL-1", "kicker": "", "title": title,
            "subtitle": "", "summary": said[0][:60], "html": paragraphs(*said), "text": "\n".join(said), "byline": "示例·林晓",
            "origin": "", "category": "一线", "tags": ["抢修"], "language": "zh", "place": "",
            "lead_image": None, "images": [], "signatures": [], "content_hash": "",
            "signed_at": timezone.now(), "embargo_until": None, "task_id": None, "pitch_id": None,
        }  # fmt: skip
        self._keep(dataclasses.replace(SignedPackage(**fields), **changes))
        return uuid.UUID(str(story.pk))

    def _keep(self, package: SignedPackage) -> None:
        digest = package.content_hash or sha256(package.title + package.html)
        self.packages[package.story_id] = dataclasses.replace(package, content_hash=digest)
        rows = apps.get_model("stories", "Story")._default_manager.filter(pk=package.story_id)
        rows.update(
            content_hash=digest, title=package.title, category=package.category,
            embargo_until=package.embargo_until,
        )  # fmt: skip

    def resign(self, story_id: uuid.UUID, *words: str, **changes: Any) -> None:
        """The story was changed and signed anew."""
        held = self.packages[story_id]
        fresh: dict[str, Any] = {}
        if words:
            fresh = {"html": paragraphs(*words), "text": "\n".join(words)}
        self._keep(dataclasses.replace(held, content_hash="", **fresh, **changes))

    def unsign(self, story_id: uuid.UUID) -> None:
        """The signatures no longer hold."""
        self.packages.pop(story_id)

    def offer(self, story_id: uuid.UUID) -> None:
        """Share the story with every platform."""
        self.offered.add(story_id)

    def signed_package(self, story_id: uuid.UUID) -> SignedPackage:
        """What stories.selectors.signed_package answers."""
        if story_id not in self.packages:
            raise NotSigned
        return self.packages[story_id]

    def package_visible_to(self, member: Member, story_id: uuid.UUID) -> SignedPackage:
        """What stories.selectors.package_visible_to answers."""
        model = apps.get_model("stories", "Story")
        units = policy.units_for(member, "stories.view")
        if not model._default_manager.filter(pk=story_id, unit__in=units).exists():
            raise NotFound
        return self.signed_package(story_id)

    def signed_stories_for_platform(self, member: Member) -> QuerySet[Any]:
        """What stories.selectors.signed_stories_for_platform answers."""
        units = policy.units_for(member, "channels.publish")
        ids = [
            key
            for key, held in self.packages.items()
            if held.unit_id in units or (units and key in self.offered)
        ]
        model = apps.get_model("stories", "Story")
        return (
            model._default_manager.filter(pk__in=ids).select_related("unit").order_by("-signed_at")
        )

    def open(self, patch: Any) -> Newsroom:
        """Take the place of the stories room's reads (`patch` is pytest's monkeypatch)."""
        patch.setattr(stories, "signed_package", self.signed_package)
        patch.setattr(stories, "package_visible_to", self.package_visible_to)
        patch.setattr(stories, "signed_stories_for_platform", self.signed_stories_for_platform)
        return self


def make_site(unit: Unit, name: str = "云上新闻") -> Channel:
    """The unit's own site as a channel."""
    return Channel.objects.create(unit=unit, name=name, adapter="site", order=1)


def make_wechat(unit: Unit, name: str = "云上能源公众号") -> Channel:
    """A WeChat account that is served by hand."""
    return Channel.objects.create(
        unit=unit, name=name, adapter="manual", settings={"platform": "wechat"}, order=2
    )
