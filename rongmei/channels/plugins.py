"""What the channels room registers: its adapters, sweep, followers, messages, rail, API and gauges."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from ninja import Router

from rongmei.channels import actions, exchange, selectors, shown, story_checks, tasks
from rongmei.channels.adapters.manual.adapter import ManualAdapter
from rongmei.channels.adapters.manual.platforms import PLATFORMS
from rongmei.channels.adapters.site.adapter import SiteAdapter
from rongmei.channels.api import router
from rongmei.channels.hooks import ChannelAdapter
from rongmei.kernel.hooks import Gauge, RailItem, Subscriber
from rongmei.kernel.models import Event
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.network.hooks import Activity, RoadFact
from rongmei.stories.hooks import Checker, StoryFate, StoryPart


def _story_withdrawn(event: Event) -> None:
    if event.subject_id is not None:
        actions.story_withdrawn(
            story_id=event.subject_id, reason=str(event.payload.get("reason") or "")
        )


def _story_corrected(event: Event) -> None:
    note = str(event.payload.get("note") or "")
    if event.subject_id is not None and note:
        actions.story_corrected(story_id=event.subject_id, note=note)


@hookimpl
def register_story_parts() -> list[StoryPart]:
    """Where a story went out, with receipts, on its own page."""
    return [StoryPart("receipts", shown.story_part)]


@hookimpl
def register_channels() -> list[ChannelAdapter]:
    """Our own site, and everything by hand."""
    return [SiteAdapter(), ManualAdapter()]


@hookimpl
def register_wanted_channels() -> list[tuple[str, object]]:
    """Our own site, and every platform that is served by hand."""
    return [("site", SiteAdapter.label), *((one.key, one.label) for one in PLATFORMS.values())]


@hookimpl
def register_checks() -> list[Checker]:
    """What the channels wanted ask of a story."""
    return [Checker("channels", "1", story_checks.check)]


@hookimpl
def register_sweeps() -> list[Sweep]:
    """Deliver, verify and take down what is due."""
    return tasks.SWEEPS


@hookimpl
def register_subscribers() -> list[Subscriber]:
    """A withdrawn story takes its publications with it; a corrected one has readers told."""
    return [
        Subscriber("channels.story_withdrawn", ("stories.withdrawn",), _story_withdrawn),
        Subscriber("channels.story_corrected", ("stories.corrected",), _story_corrected),
    ]


@hookimpl
def register_activities() -> list[Activity]:
    """Receipts between the node that publishes and the node where the story is at home."""
    return exchange.activities()


@hookimpl
def register_rail() -> list[RailItem]:
    """发布."""
    return [
        RailItem(
            key="channels", label=pgettext_lazy("verb", "发布"), url_name="channels:index", icon="paper-airplane",
            order=70, permission="channels.view",
        )
    ]  # fmt: skip


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """/api/v1/channels/."""
    return [("/channels/", router)]


@hookimpl
def register_story_fates() -> list[StoryFate]:
    """Where a correspondent's piece came out."""
    return [StoryFate(pgettext_lazy("verb", "发布"), selectors.fates)]


@hookimpl
def register_gauges() -> list[Gauge]:
    """Deliveries that wait for the worker, and those that failed."""
    return [
        Gauge("rongmei_deliveries_due", "Deliveries waiting to be sent.", selectors.count_due),
        Gauge("rongmei_deliveries_failed", "Deliveries that failed.", selectors.count_failed),
    ]


@hookimpl
def register_audit_words() -> dict[str, object]:
    """The room's lines of the audit log, in words."""
    return {
        "channel.saved": _("设置了渠道"),
        "publication.refused": _("发布被拒绝"),
        "publication.published": _("发布了稿件"),
        "publication.corrected": _("发了更正"),
        "publication.withdrawn": _("撤下了发布"),
        "publication.heard": _("得知稿件已发布"),
        "delivery.by_hand": _("转为人工发布"),
        "delivery.confirmed": _("登记了人工发布"),
        "delivery.delivered": _("投递成功"),
        "delivery.failed": _("投递失败"),
        "delivery.verified": _("核验了投递"),
        "delivery.differs": _("核验发现内容不一致"),
        "delivery.retried": _("重新投递"),
        "delivery.recheck_asked": _("要求重新核验"),
        "delivery.withdrawn": _("从渠道撤下了"),
    }


@hookimpl
def register_road_facts() -> list[RoadFact]:
    """What the room knows of a unit's coming to life."""
    return [RoadFact("published", _("首次发布"), 50, selectors.first_published)]
