"""Verbs of keeping: rules of retention, which two people make, and legal holds, which two people lift."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.archive import holds, retention
from rongmei.archive.errors import SamePerson
from rongmei.archive.models import Document, HeldDocument, Hold, RetentionRule
from rongmei.kernel import audit, db, rows
from rongmei.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.sources.selectors import media_classes, named

if TYPE_CHECKING:
    from rongmei.network.models import Member

_MAX_RULES = 100


def _require_reach(by: Member, unit_id: uuid.UUID | None, permission: str) -> None:
    policy.require(by, permission)
    if not retention.may_rule(by, unit_id, permission):
        raise NotAllowed(
            _("保留规则管到的单位超出了你的范围，未做任何改动。可请上级单位的管理员来做。"),
            permission=permission,
        )


def rule_propose(
    *,
    by: Member,
    keep: str,
    effective_on: date,
    reason: str,
    media_class: str = "",
    kind: str = "",
    unit_id: uuid.UUID | None = None,
    days: int | None = None,
) -> RetentionRule:
    """Propose how long documents are kept; nothing changes until a second person agrees."""
    _require_reach(by, unit_id, "archive.manage")
    if keep not in RetentionRule.Keep.values or kind not in {"", *Document.Kind.values}:
        raise BadInput(_("没有这样的保留规则，没有保存。请从列表中选择。"))
    if media_class not in {"", *media_classes()}:
        raise BadInput(_("没有这样的保留规则，没有保存。请从列表中选择。"))
    if not reason.strip():
        raise BadInput(_("没有写明理由，没有保存。请写明依据。"))
    if keep == RetentionRule.Keep.DAYS:
        if days is None or not retention.MIN_DAYS <= days <= retention.MAX_DAYS:
            raise BadInput(
                _("保留天数要在 %(min)d 到 %(max)d 之间，没有保存。")
                % {"min": retention.MIN_DAYS, "max": retention.MAX_DAYS}
            )
    else:
        days = None
    if effective_on < timezone.localdate():
        raise BadInput(_("生效日期已经过去，没有保存。请选今天或以后的日期。"))
    unit = network.unit(unit_id) if unit_id else None
    with db.write():
        if RetentionRule.objects.filter(state=RetentionRule.State.PROPOSED).count() >= _MAX_RULES:
            raise BadInput(_("待核准的规则太多了，没有保存。请先核准或撤回已有的。"))
        rule = RetentionRule.objects.create(
            media_class=media_class, kind=kind, unit=unit, keep=keep, days=days,
            effective_on=effective_on, reason=reason.strip()[:300],
            proposed_by_id=by.pk, proposed_by_name=by.name[:40],
        )  # fmt: skip
        audit.record(by, "retention.proposed", rule, **_terms(rule))
    return rule


def _terms(rule: RetentionRule) -> dict[str, Any]:
    return {"keep": rule.keep, "days": rule.days, "effective_on": rule.effective_on}


def _open_rule(rule_id: uuid.UUID) -> RetentionRule:
    rule = RetentionRule.objects.select_for_update().filter(pk=rule_id).first()
    if rule is None:
        raise NotFound
    if rule.state != RetentionRule.State.PROPOSED:
        raise Conflict(_("这条规则已经有人处理过了，未做任何改动。请刷新页面看结果。"))
    return rule


def _decide(rule: RetentionRule, by: Member, state: str) -> None:
    rule.state, rule.decided_at = state, timezone.now()
    rule.decided_by_id, rule.decided_by_name = by.pk, by.name[:40]
    rule.save(
        update_fields=["state", "decided_at", "decided_by_id", "decided_by_name", "updated_at"]
    )


def rule_put_in_force(*, by: Member, rule_id: uuid.UUID) -> RetentionRule:
    """Agree to a rule that somebody else proposed; it counts from its day on."""
    policy.require(by, "archive.retention")
    would = retention.preview(retention.rule_for(rule_id))
    with db.write():
        rule = _open_rule(rule_id)
        _require_reach(by, rule.unit_id, "archive.retention")
        if rule.proposed_by_id == by.pk:
            raise SamePerson
        # A day that passed while it waited: it does not count backwards.
        rule.effective_on = max(rule.effective_on, timezone.localdate())
        rule.save(update_fields=["effective_on"])
        _decide(rule, by, RetentionRule.State.IN_FORCE)
        audit.record(by, "retention.put_in_force", rule, **_terms(rule), would_remove=would.count)
    return rule


def rule_withdraw(*, by: Member, rule_id: uuid.UUID) -> RetentionRule:
    """Take back a proposal, one's own or somebody else's, before it counts."""
    policy.require(by, "archive.retention")
    with db.write():
        rule = _open_rule(rule_id)
        _require_reach(by, rule.unit_id, "archive.retention")
        _decide(rule, by, RetentionRule.State.WITHDRAWN)
        audit.record(by, "retention.withdrawn", rule, **_terms(rule))
    return rule


def hold_place(
    *,
    by: Member,
    name: str,
    reason: str,
    document_ids: Sequence[uuid.UUID] = (),
    query: str = "",
    source: str = "",
) -> Hold:
    """Put documents, what a search finds now, or all of a source under a legal hold.

    `source` is its name, address or id. Exactly one of the three is given.
    """
    policy.require(by, "archive.hold")
    units = policy.units_for(by, "archive.hold")
    unit_id = by.unit_id if by.unit_id in units else min(units)
    if not name.strip() or not reason.strip():
        raise BadInput(_("请写明事由名称和理由，没有保全。"))
    if sum(map(bool, (document_ids, query.strip(), source.strip()))) != 1:
        raise BadInput(_("请在资料、检索式、信源里只填一项，没有保全。"))
    given = {"unit_id": unit_id, "name": name.strip()[:80], "reason": reason.strip()[:500]}
    if source.strip():
        return _hold_source(by, source.strip(), given)
    if query.strip():
        ids = holds.found_by(by, query.strip())
        given |= {"scope": Hold.Scope.QUERY, "query": query.strip()[:500]}
    else:
        ids = holds.reached(by, document_ids)
        given |= {"scope": Hold.Scope.DOCUMENTS}
    if not ids or (document_ids and len(ids) < len(set(document_ids))):
        raise BadInput(_("没有找到要保全的资料，或其中有你范围之外的，没有保全。请核对后再试。"))
    return _hold_documents(by, ids, given)


def _hold_documents(by: Member, ids: Sequence[uuid.UUID], given: dict[str, Any]) -> Hold:
    with db.write():
        # Ageing takes the same lock: what is there now cannot go before the hold stands.
        db.serialise()
        kept = Document.objects.filter(pk__in=ids).values_list("pk", flat=True)
        there = list(kept)
        hold = _placed(by, given, count=len(there))
        rows.insert([HeldDocument(hold=hold, document_id=pk) for pk in there])
        audit.record(by, "hold.placed", hold, scope=hold.scope, count=hold.count, query=hold.query)
    return hold


def _hold_source(by: Member, words: str, given: dict[str, Any]) -> Hold:
    units = policy.units_for(by, "archive.hold")
    found = [one for one in named(words) if one.shared or one.unit_id in units]
    if len(found) != 1:
        raise BadInput(_("没有找到这个信源，或有几个同名的，没有保全。请写它的地址或编号。"))
    with db.write():
        db.serialise()
        count = Document.objects.filter(source=found[0].pk).count()
        hold = _placed(by, {**given, "scope": Hold.Scope.SOURCE, "source": found[0]}, count=count)
        audit.record(by, "hold.placed", hold, scope=hold.scope, source=str(found[0]), count=count)
    return hold


def _placed(by: Member, given: dict[str, Any], *, count: int) -> Hold:
    return Hold.objects.create(
        **given, count=count, placed_by_id=by.pk, placed_by_name=by.name[:40]
    )


def _open_hold(by: Member, hold_id: uuid.UUID, state: str) -> Hold:
    hold = Hold.objects.select_for_update().filter(pk=hold_id).first()
    if hold is None or not policy.allows(by, "archive.hold", hold):
        raise NotFound
    if hold.state != state:
        raise Conflict(_("这项保全的状态已经变了，未做任何改动。请刷新页面看结果。"))
    return hold


def hold_lift_ask(*, by: Member, hold_id: uuid.UUID, reason: str) -> Hold:
    """Ask that a hold be lifted; it holds until a second person agrees."""
    policy.require(by, "archive.hold")
    if not reason.strip():
        raise BadInput(_("没有写明解除的理由，保全照旧。请写明依据。"))
    with db.write():
        hold = _open_hold(by, hold_id, Hold.State.ACTIVE)
        hold.state, hold.asked_at = Hold.State.ASKED, timezone.now()
        hold.asked_by_id, hold.asked_by_name = by.pk, by.name[:40]
        hold.lift_reason = reason.strip()[:500]
        hold.save(update_fields=[
            "state", "asked_at", "asked_by_id", "asked_by_name", "lift_reason", "updated_at"
        ])  # fmt: skip
        audit.record(by, "hold.lift_asked", hold, reason=hold.lift_reason)
    return hold


def hold_lift_refuse(*, by: Member, hold_id: uuid.UUID) -> Hold:
    """Leave a hold in place though its lifting was asked for; who asked may take it back so."""
    policy.require(by, "archive.hold")
    with db.write():
        hold = _open_hold(by, hold_id, Hold.State.ASKED)
        audit.record(by, "hold.lift_refused", hold, asked_by=hold.asked_by_name)
        hold.state, hold.asked_at, hold.asked_by_id = Hold.State.ACTIVE, None, None
        hold.asked_by_name = hold.lift_reason = ""
        hold.save(update_fields=[
            "state", "asked_at", "asked_by_id", "asked_by_name", "lift_reason", "updated_at"
        ])  # fmt: skip
    return hold


def hold_lift(*, by: Member, hold_id: uuid.UUID) -> Hold:
    """Agree to lift a hold that somebody else asked to be lifted; retention counts again."""
    policy.require(by, "archive.hold")
    with db.write():
        hold = _open_hold(by, hold_id, Hold.State.ASKED)
        if hold.asked_by_id == by.pk:
            raise SamePerson
        hold.state, hold.lifted_at = Hold.State.LIFTED, timezone.now()
        hold.lifted_by_id, hold.lifted_by_name = by.pk, by.name[:40]
        hold.save(
            update_fields=["state", "lifted_at", "lifted_by_id", "lifted_by_name", "updated_at"]
        )
        HeldDocument.objects.filter(hold=hold).delete()
        audit.record(by, "hold.lifted", hold, count=hold.count, asked_by=hold.asked_by_name)
    return hold
