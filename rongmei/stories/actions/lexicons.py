"""Changing a lexicon takes two people: one proposes a whole new version, another puts it in force."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import NotFound
from rongmei.network import actions as network
from rongmei.network import policy
from rongmei.stories import events as said
from rongmei.stories import lexicons
from rongmei.stories.errors import (
    LexiconChanged,
    LexiconExists,
    LexiconUnchanged,
    LexiconWaits,
    ReasonMissing,
    TwoPeopleNeeded,
    WrongState,
)
from rongmei.stories.models import Lexicon, LexiconVersion

if TYPE_CHECKING:
    from rongmei.network.models import Member

State = LexiconVersion.State


def lexicon_create(
    *, by: Member, unit_id: uuid.UUID, name: str, kind: str = Lexicon.Kind.WORDS
) -> Lexicon:
    """Begin a lexicon; it holds nothing until its first version is approved.

    Raises LexiconExists, ReasonMissing (no name), NotAllowed.
    """
    policy.require(by, lexicons.MANAGE, unit_id)
    if not name.strip():
        raise ReasonMissing(_("请写词库名称，没有新建。"))
    with db.write():
        try:
            with transaction.atomic():
                made = Lexicon.objects.create(
                    unit_id=unit_id, name=name.strip()[:40], kind=Lexicon.Kind(kind)
                )
        except IntegrityError as error:
            raise LexiconExists from error
        audit.record(by, "lexicon.created", made)
    return made


def _locked(by: Member, lexicon_id: uuid.UUID) -> Lexicon:
    found = Lexicon.objects.select_for_update().filter(pk=lexicon_id).first()
    if found is None or not lexicons.lexicons_of(by).filter(pk=lexicon_id).exists():
        raise NotFound
    policy.require(by, lexicons.MANAGE, found)
    return found


def lexicon_propose(
    *,
    by: Member,
    lexicon_id: uuid.UUID,
    entries: Sequence[dict[str, Any]],
    note: str,
    effective_on: date | None = None,
    categories: Sequence[str] = (),
    valid_until: date | None = None,
) -> LexiconVersion:
    """Propose the whole content of the next version; it waits for another person.

    Raises LexiconWaits (one waits already), LexiconUnchanged, ReasonMissing, NotAllowed.
    """
    if not note.strip():
        raise ReasonMissing(_("请写明为什么改，没有提交。核准的人要看。"))
    digest, today = lexicons.digest_of(entries), timezone.localdate()
    with db.write():
        lexicon = _locked(by, lexicon_id)
        if lexicon.versions.filter(state=State.PROPOSED).exists():
            raise LexiconWaits
        before = lexicons.newest(lexicon)
        scope = (sorted(set(categories)), valid_until)
        if before and before.digest == digest and (before.categories, before.valid_until) == scope:
            raise LexiconUnchanged
        last = lexicon.versions.order_by("-number").values_list("number", flat=True).first() or 0
        made = LexiconVersion.objects.create(
            lexicon=lexicon, unit_id=lexicon.unit_id, number=last + 1, entries=list(entries),
            size=len(entries), digest=digest, categories=scope[0], valid_until=valid_until,
            effective_on=max(effective_on or today, today), note=note.strip()[:300],
            made_by_id=by.pk, made_by_name=by.name,
        )  # fmt: skip
        audit.record(
            by, "lexicon.proposed", lexicon, number=made.number, size=made.size, digest=digest,
            note=made.note,
        )  # fmt: skip
        others = [
            one for one in policy.members_with(lexicons.MANAGE, lexicon.unit_id) if one.pk != by.pk
        ]
        network.notify(
            others, kind="stories.lexicon", url=reverse("stories:lexicon_version", args=[made.pk]),
            title=_("词库待核准：%(name)s") % {"name": lexicon.name}, body=made.note,
            subject_id=lexicon.pk,
        )  # fmt: skip
    return made


def lexicon_restore(*, by: Member, version_id: uuid.UUID, note: str) -> LexiconVersion:
    """Propose the content of an earlier version again: rolling back takes two people too."""
    old = lexicons.version_for(by, version_id)
    if old.state != State.APPROVED:
        raise WrongState(_("只能恢复核准过的版本，没有提交。"))
    return lexicon_propose(
        by=by, lexicon_id=old.lexicon_id, entries=old.entries, note=note,
        categories=old.categories, valid_until=old.valid_until,
    )  # fmt: skip


def _decided(by: Member, version_id: uuid.UUID) -> LexiconVersion:
    seen = lexicons.version_for(by, version_id)
    _locked(by, seen.lexicon_id)
    found = LexiconVersion.objects.select_for_update().get(pk=version_id)
    if found.state != State.PROPOSED:
        raise WrongState(_("这个版本已有人办理，没有改动。请刷新。"))
    found.decided_by_id, found.decided_by_name = by.pk, by.name
    found.decided_at = timezone.now()
    return found


def lexicon_approve(*, by: Member, version_id: uuid.UUID, digest: str) -> LexiconVersion:
    """Put a proposed version in force, from its day on; never by the person who proposed it.

    Raises TwoPeopleNeeded, LexiconChanged (another text than was looked at), WrongState.
    """
    refusal: TwoPeopleNeeded | None = None
    with db.write():
        found = _decided(by, version_id)
        if found.made_by_id == by.pk:
            audit.record(by, "lexicon.refused", found.lexicon, number=found.number)
            refusal = TwoPeopleNeeded()
        else:
            if not digest == found.digest == lexicons.digest_of(found.entries):
                raise LexiconChanged
            found.state = State.APPROVED
            found.effective_on = max(found.effective_on, timezone.localdate())
            found.version += 1
            found.save()
            audit.record(
                by, "lexicon.approved", found.lexicon, number=found.number, digest=digest,
                proposed_by=found.made_by_name, effective_on=str(found.effective_on),
            )  # fmt: skip
            events.publish(
                said.LexiconApproved(
                    subject_id=found.lexicon_id, unit_id=found.unit_id, number=found.number,
                    size=found.size,
                )
            )  # fmt: skip
    if refusal:
        raise refusal
    return found


def lexicon_refuse(*, by: Member, version_id: uuid.UUID, reason: str) -> LexiconVersion:
    """Turn a proposal down with a reason; who proposed it may take it back so."""
    if not reason.strip():
        raise ReasonMissing
    with db.write():
        found = _decided(by, version_id)
        found.state, found.decided_note = State.REFUSED, reason.strip()[:300]
        found.version += 1
        found.save()
        audit.record(
            by, "lexicon.turned_down", found.lexicon, number=found.number, reason=found.decided_note
        )
    return found
