"""What the publishing desk's pages show of a row: words, marks, the strip and the history. Reads only."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from rongmei.channels import packages, selectors
from rongmei.channels.adapters.manual.adapter import platform_of as manual_platform
from rongmei.channels.adapters.manual.platforms import Platform
from rongmei.channels.models import Channel, Delivery, Publication
from rongmei.channels.types import Can
from rongmei.kernel.models import AuditEntry
from rongmei.kernel.ui.shapes import Entry, Step, StepState

State = Delivery.State
# How long after a story was changed its page goes on looking for what channels do about it.
_SETTLES: Final = timedelta(seconds=30)
_MARK = {
    State.DUE: "next",
    State.SENDING: "now",
    State.BY_HAND: "now",
    State.DELIVERED: "done",
    State.VERIFIED: "done",
    State.DIFFERS: "failed",
    State.FAILED: "failed",
    State.WITHDRAWING: "now",
    State.WITHDRAWN: "",
}


def preview(html: str) -> SafeString:
    """The body for the desk's own page, cleaned once more."""
    # nh3 has just removed everything but an article's own tags.
    return mark_safe(packages.clean_html(html))  # noqa: S308


@dataclass(frozen=True)
class Row:
    """One channel's row of a publication."""

    delivery: Delivery
    mark: str
    by_hand: bool
    can_verify: bool
    can_withdraw: bool
    link: str

    @property
    def may_retry(self) -> bool:
        """Whether trying again makes sense."""
        return self.delivery.state == State.FAILED

    @property
    def may_recheck(self) -> bool:
        """Whether reading back makes sense."""
        states = (State.DELIVERED, State.VERIFIED, State.DIFFERS)
        return self.can_verify and self.delivery.state in states

    @property
    def may_confirm(self) -> bool:
        """Whether a person can note the post."""
        return self.by_hand and self.delivery.state in (
            State.BY_HAND, State.FAILED, State.DELIVERED,
        )  # fmt: skip

    @property
    def may_take_down(self) -> bool:
        """Whether a person must confirm the deletion."""
        return self.delivery.state == State.WITHDRAWING and not self.can_withdraw


def row_of(delivery: Delivery) -> Row:
    """One channel's row; only web addresses become links."""
    channel = delivery.channel
    return Row(
        delivery,
        _MARK[State(delivery.state)],
        not selectors.can(channel, Can.PUBLISH),
        selectors.can(channel, Can.VERIFY),
        selectors.can(channel, Can.WITHDRAW),
        delivery.url if delivery.url.startswith(("http://", "https://")) else "",
    )


def steps_of(publication: Publication, rows: list[Delivery]) -> list[Step]:
    """The publication's way, as a strip: signed → released → with readers → verified."""
    signed_at = publication.package.get("signed_at")
    gone = publication.state == Publication.State.WITHDRAWN
    public = publication.public_at
    failed = any(row.state in (State.FAILED, State.DIFFERS) for row in rows)
    verified = [row.verified_at for row in rows if row.state == State.VERIFIED]
    reach: StepState = "done" if public else ("failed" if failed else "now")
    checked: StepState = "done" if verified else ("failed" if public and failed else "next")
    steps = [
        Step(_("签发"), "done", at=packages.time_of(signed_at)),
        Step(_("交付渠道"), "done", who=publication.published_by_name, at=publication.created_at),
        Step(_("公开"), reach, at=public, due=None if public else publication.published_at),
        Step(_("核验"), checked, at=max(filter(None, verified), default=None)),
    ]
    if publication.corrected_at:
        steps.append(Step(_("更正"), "done", at=publication.corrected_at))
    if gone:
        still = any(row.state == State.WITHDRAWING for row in rows)
        steps.append(Step(_("撤下"), "now" if still else "done", at=publication.withdrawn_at))
    return steps


_ACTIONS = {
    "publication.published": gettext_lazy("交付发布"),
    "publication.corrected": gettext_lazy("更正"),
    "publication.withdrawn": gettext_lazy("撤下"),
    "publication.heard": gettext_lazy("收到发布回执"),
}


def history_of(publication: Publication) -> list[Entry]:
    """What people and the system did to the publication, newest first, from the audit chain."""
    rows = AuditEntry.objects.filter(subject_id=str(publication.pk)).order_by("-seq")[:50]
    return [
        Entry(
            text=str(_ACTIONS.get(row.action, row.action)),
            at=row.at,
            who=row.actor,
            note=str(row.detail.get("reason") or row.detail.get("note") or ""),
        )
        for row in rows
    ]


def platform_of(channel: Channel) -> Platform:
    """The platform a by-hand channel stands for."""
    return manual_platform(selectors.info_of(channel))


@dataclass(frozen=True)
class ChannelRow:
    """A channel in the list: what it is and what it does by itself."""

    channel: Channel
    kind: object
    connected: bool
    able: list[str]


def channel_of(channel: Channel) -> ChannelRow:
    """One channel for the list."""
    adapter = selectors.adapter_of(channel)
    words = (
        (Can.DRAFT, _("备稿")),
        (Can.PUBLISH, pgettext("verb", "发布")),
        (Can.VERIFY, _("回采核验")),
        (Can.WITHDRAW, _("撤下")),
        (Can.METRICS, _("效果数据")),
    )
    able = [word for flag, word in words if adapter.can & flag]
    by_hand = not adapter.can & Can.PUBLISH
    kind = platform_of(channel).label if by_hand else adapter.label
    return ChannelRow(channel, kind, not by_hand, able)


@dataclass(frozen=True)
class Out:
    """One publication of a story, for the story's page."""

    publication: Publication
    rows: tuple[Row, ...]

    @property
    def moving(self) -> bool:
        """Whether the program is still at work on it: then the page looks again by itself."""
        at_work = (State.DUE, State.SENDING)
        return any(
            one.delivery.state in at_work
            or (one.delivery.state == State.WITHDRAWING and one.can_withdraw)
            or (one.delivery.state == State.DELIVERED and one.can_verify)
            for one in self.rows
        )


def receipts(member: Any, story_id: uuid.UUID) -> dict[str, Any]:
    """Where a story went out and how every channel answered, for its page."""
    outs = [
        Out(one, tuple(row_of(row) for row in one.deliveries.all()))
        for one in selectors.publications_of_story(member, story_id)
    ]
    return {"outs": outs, "story_id": story_id, "moving": any(one.moving for one in outs)}


def story_part(request: Any, story: Any) -> str:
    """The part of a story's page that tells where it went out; empty when nowhere the member may see."""
    held = receipts(request.user, story.pk)
    # A correction or withdrawal reaches the channels a moment after it was made.
    stirred = any(
        at is not None and timezone.now() - at < _SETTLES
        for at in (story.withdrawn_at, story.updated_at)
    )
    shown = {**held, "moving": held["moving"] or stirred}
    return render_to_string("channels/_receipts.html", shown, request) if held["outs"] else ""
