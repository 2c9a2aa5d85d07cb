"""What the impact room registers: sweeps, messages, rail, API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from ninja import Router

from rongmei.impact import marks, selectors, tasks
from rongmei.impact.api import router
from rongmei.kernel.hooks import RailItem
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.network.hooks import Activity
from rongmei.stories.hooks import StoryFate


@hookimpl
def register_sweeps() -> list[Sweep]:
    """Reads, snapshots, reports, forgetting."""
    return tasks.SWEEPS


@hookimpl
def register_activities() -> list[Activity]:
    """Figures from the node that publishes to the node where the story is at home."""
    return marks.activities()


@hookimpl
def register_story_fates() -> list[StoryFate]:
    """How far a correspondent's piece went."""
    return [StoryFate(pgettext_lazy("fate", "传播"), selectors.fates)]


@hookimpl
def register_rail() -> list[RailItem]:
    """效果."""
    return [
        RailItem(
            key="impact", label=_("效果"), url_name="impact:index", icon="chart-bar", order=80,
            permission="impact.view",
        )
    ]  # fmt: skip


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """/api/v1/impact/."""
    return [("/impact/", router)]


@hookimpl
def register_audit_words() -> dict[str, object]:
    """The room's lines of the audit log, in words."""
    return {
        "impact.exported": _("导出了效果数据"),
    }
