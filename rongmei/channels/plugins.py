"""What the channels room registers: its adapters, sweep, followers, messages, rail, API and gauges."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy
from ninja import Router

from rongmei.channels import actions, exchange, selectors, tasks
from rongmei.channels.adapters.manual.adapter import ManualAdapter
from rongmei.channels.adapters.site.adapter import SiteAdapter
from rongmei.channels.api import router
from rongmei.channels.hooks import ChannelAdapter
from rongmei.kernel.hooks import Gauge, RailItem, Subscriber
from rongmei.kernel.models import Event
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.network.hooks import Activity


def _story_withdrawn(event: Event) -> None:
    if event.subject_id is not None:
        actions.story_withdrawn(
            story_id=event.subject_id, reason=str(event.payload.get("reason") or "")
        )


@hookimpl
def register_channels() -> list[ChannelAdapter]:
    """Our own site, and everything by hand."""
    return [SiteAdapter(), ManualAdapter()]


@hookimpl
def register_sweeps() -> list[Sweep]:
    """Deliver, verify and take down what is due."""
    return tasks.SWEEPS


@hookimpl
def register_subscribers() -> list[Subscriber]:
    """A withdrawn story takes its publications with it."""
    return [Subscriber("channels.story_withdrawn", ("stories.withdrawn",), _story_withdrawn)]


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
def register_gauges() -> list[Gauge]:
    """Deliveries that wait for the worker, and those that failed."""
    return [
        Gauge("rongmei_deliveries_due", "Deliveries waiting to be sent.", selectors.count_due),
        Gauge("rongmei_deliveries_failed", "Deliveries that failed.", selectors.count_failed),
    ]
