"""What the stories room contributes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from ninja import Router

from rongmei.kernel.hooks import RailItem
from rongmei.kernel.plugins import hookimpl
from rongmei.network.hooks import Activity
from rongmei.stories import actions, checking, lexicon, selectors
from rongmei.stories.api import router
from rongmei.stories.hooks import Checker


def _waiting(request: Any) -> int:
    return selectors.waiting_for(request.user)


@hookimpl
def register_rail() -> list[RailItem]:
    """稿件 and 审核."""
    return [
        RailItem(
            key="stories", label=_("稿件"), url_name="stories:list", icon="document-text", order=50,
            permission="stories.view",
        ),
        RailItem(
            key="review", label=_("审核"), url_name="review:queue", icon="check-badge", order=55,
            permission="stories.view", badge=_waiting,
        ),
    ]  # fmt: skip


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """/api/v1/stories."""
    return [("/stories", router)]


@hookimpl
def register_checks() -> list[Checker]:
    """The wording seed, and patterns."""
    return [
        Checker("lexicon", lexicon.seed().version, lexicon.check),
        Checker("patterns", "1", checking.check_patterns),
    ]


@hookimpl
def register_activities() -> list[Activity]:
    """What other nodes may tell us about their stories."""
    return [
        Activity("story.shared", actions.story_receive),
        Activity("story.withdrawn", actions.story_withdrawal_receive),
    ]
