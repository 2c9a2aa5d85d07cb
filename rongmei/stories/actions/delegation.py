"""代审: lending one's seat at a step to a named person for a time, and reading once more what went
out by the green channel."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotAllowed, NotFound, RongmeiError
from rongmei.network import actions as network_actions
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.stories import policy as rules
from rongmei.stories.actions.common import (
    address,
    locked,
    refusals_kept,
    signatures_of,
    tell_author,
)
from rongmei.stories.errors import DelegationRefused, NotGreen, ReasonMissing
from rongmei.stories.models import Delegation, Story, StoryState

if TYPE_CHECKING:
    from rongmei.network.models import Member

P = ParamSpec("P")
R = TypeVar("R")


def _refusals_kept(action: Callable[P, R]) -> Callable[P, R]:
    """Leave an audit line when lending is refused."""

    @wraps(action)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return action(*args, **kwargs)
        except BadInput:
            raise
        except RongmeiError as refused:
            by: Any = kwargs.get("by")
            with db.write():
                audit.record(
                    by, "delegation.refused", unit_id=getattr(by, "unit_id", None),
                    verb=action.__name__, reason=refused.code, why=refused.message,
                )  # fmt: skip
            raise

    return tried


@_refusals_kept
def delegation_make(
    *,
    by: Member,
    unit_id: uuid.UUID,
    permission: str,
    to_id: uuid.UUID,
    ends_at: datetime,
    reason: str,
    starts_at: datetime | None = None,
) -> Delegation:
    """Lend one's own review permission at a unit to a person who may read its stories, until a date.

    What one holds by delegation cannot be lent on. The delegate counts as themselves: the author
    stays out, nobody signs twice. Raises DelegationRefused, NotAllowed.
    """
    if permission not in rules.REVIEWS:
        raise DelegationRefused(_("只能委托初审、复审或终审，没有生效。"))
    now = timezone.now()
    starts = starts_at or now
    most = timedelta(days=settings.RONGMEI_DELEGATION_DAYS)
    if ends_at <= max(starts, now) or ends_at - min(starts, now) > most:
        raise DelegationRefused(
            _("代审要写明结束时间，最长 %(days)s 天，没有生效。") % {"days": most.days}
        )
    if not reason.strip():
        raise ReasonMissing
    with db.write():
        policy.require(by, permission, unit_id)
        to = network.active_member(to_id)
        if to is None or to.pk == by.pk:
            raise DelegationRefused(_("请选一位在岗的其他人，没有生效。"))
        if not policy.allows(to, "stories.view", unit_id):
            raise DelegationRefused(_("这个人看不到该单位的稿件，不能代审，没有生效。"))
        made = Delegation.objects.create(
            unit_id=unit_id, permission=permission, from_id=by.pk, from_name=by.name, to_id=to.pk,
            to_name=to.name, reason=reason.strip()[:200], starts_at=starts, ends_at=ends_at,
        )  # fmt: skip
        audit.record(
            by, "delegation.made", made, permission=permission, to=to.name, ends_at=ends_at,
            reason=made.reason,
        )  # fmt: skip
        network_actions.notify(
            [to], kind="stories.delegated", subject_id=made.pk, body=made.reason,
            title=_("%(who)s请你代审，到 %(until)s")
            % {"who": by.name, "until": timezone.localtime(ends_at).strftime("%m-%d %H:%M")},
            url="", key=f"delegated:{made.pk}",
        )  # fmt: skip
    return made


@_refusals_kept
def delegation_revoke(*, by: Member, delegation_id: uuid.UUID) -> Delegation:
    """End it now: by who lent it, who was lent it, or who manages the unit's flows."""
    with db.write():
        made = Delegation.objects.select_for_update().filter(pk=delegation_id, home=None).first()
        if made is None:
            raise NotFound
        manages = policy.allows(by, "stories.manage_flows", made)
        if by.pk not in {made.from_id, made.to_id} and not manages:
            raise NotAllowed
        if made.revoked_at is None:
            made.revoked_at = timezone.now()
            made.version += 1
            made.save(update_fields=["revoked_at", "version", "updated_at"])
            audit.record(by, "delegation.revoked", made, permission=made.permission)
    return made


@refusals_kept
def story_reread(*, by: Member, story_id: uuid.UUID, opinion: str) -> Story:
    """补审: read once more what went out by the green channel; by a reviewer who is neither the author
    nor the one who signed it out."""
    if not opinion.strip():
        raise ReasonMissing
    with db.write():
        story = locked(by, story_id)
        if not any(policy.allows(by, one, story) for one in rules.REVIEWS):
            policy.require(by, rules.REVIEWS[0], story)
        if not rules.may_reread(by, story, signatures_of(story)):
            raise NotGreen
        story.reread_at, story.reread_by = timezone.now(), by.name
        story.version += 1
        story.save(update_fields=["reread_at", "reread_by", "version", "updated_at"])
        late = story.reread_due_at is not None and story.reread_at > story.reread_due_at
        audit.record(by, "story.reread", story, opinion=opinion.strip()[:400], late=late)
        tell_author(
            story, kind="stories.reread", body=opinion.strip()[:400],
            title=_("已补审：%(title)s") % {"title": story.title},
        )  # fmt: skip
    return story


def rereads_missed() -> int:
    """Say once, to the unit's reviewers, which promised second readings were not done in time."""
    late = Story.objects.filter(
        state=StoryState.SIGNED, reread_due_at__lt=timezone.now(), reread_at=None,
        reread_missed_at=None, home=None,
    )  # fmt: skip
    keys = list(late.values_list("pk", flat=True)[:100])
    for key in keys:
        with db.write():
            story = late.select_for_update().filter(pk=key).first()
            if story is None:
                continue
            story.reread_missed_at = timezone.now()
            story.save(update_fields=["reread_missed_at", "updated_at"])
            audit.record(None, "story.reread_missed", story, due=story.reread_due_at)
            people = {
                one.pk: one
                for name in rules.REVIEWS
                for one in policy.members_with(name, story.unit_id, lent=True)
            }
            network_actions.notify(
                [one for one in people.values() if one.pk != story.author_id],
                kind="stories.reread_missed", urgent=True, url=address(story), subject_id=story.pk,
                title=_("绿色通道补审超过 2 小时：%(title)s") % {"title": story.title},
                key=f"reread:{story.pk}:{story.round}",
            )  # fmt: skip
    return len(keys)
