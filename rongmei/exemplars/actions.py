"""Verbs of the exemplars room: recommend, clear, suspend."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.exemplars import events as said
from rongmei.exemplars import selectors
from rongmei.exemplars.errors import WrongExemplarState
from rongmei.exemplars.models import Clearance, Exemplar
from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput
from rongmei.network import policy
from rongmei.network import selectors as network

if TYPE_CHECKING:
    from rongmei.network.models import Member


def exemplar_recommend(
    *, by: Member, unit_id: uuid.UUID, name: str, deeds: str, consent_note: str = ""
) -> Exemplar:
    """Recommend a person or team of a unit; their consent is noted here."""
    if not name.strip() or not deeds.strip():
        raise BadInput(_("姓名和事迹材料都要填写，没有保存。"))
    with db.write():
        policy.require(by, "exemplars.manage", unit_id)
        made = Exemplar.objects.create(
            unit_id=unit_id,
            name=name.strip()[:80],
            deeds=deeds.strip(),
            consent_note=consent_note[:300],
        )
        audit.record(by, "exemplar.recommended", made)
        events.publish(said.ExemplarRecommended(subject_id=made.pk, unit_id=unit_id, who=made.name))
    return made


def clearance_issue(
    *, by: Member, exemplar_id: uuid.UUID, scope: str, valid_until: date, wording: str = ""
) -> Clearance:
    """Issue a clearance; only HQ may. Raises BadInput without the consent of who is held up."""
    with db.write():
        exemplar = selectors.exemplar_for_update(by, exemplar_id)
        _require_hq(by)
        if not exemplar.consent_note.strip():
            raise BadInput(_("还没有记录本人知情同意，没有发证。请先补齐。"))
        if scope not in {"internal", "public"} or valid_until < timezone.localdate():
            raise BadInput(_("范围或有效期不对，没有发证。有效期不能早于今天。"))
        today = timezone.localdate()
        count = Clearance.objects.filter(number__startswith=f"ZX-{today:%Y%m%d}-").count()
        issued = Clearance.objects.create(
            exemplar=exemplar, unit_id=exemplar.unit_id, number=f"ZX-{today:%Y%m%d}-{count + 1:03d}",
            scope=scope, wording=wording, valid_until=valid_until,
            issued_by_id=by.pk, issued_by_name=by.name,
        )  # fmt: skip
        exemplar.state = Exemplar.State.CLEARED
        exemplar.save(update_fields=["state", "updated_at"])
        audit.record(by, "clearance.issued", issued, exemplar=exemplar.name, scope=scope)
        events.publish(
            said.ClearanceIssued(
                subject_id=exemplar.pk, unit_id=exemplar.unit_id, number=issued.number
            )
        )
    return issued


def clearance_suspend(*, by: Member, clearance_id: uuid.UUID, reason: str) -> Clearance:
    """Suspend a clearance at once; a reason is required."""
    if not reason.strip():
        raise BadInput(_("请写明中止的原因，没有改动。"))
    with db.write():
        clearance = selectors.clearance_for_update(by, clearance_id)
        _require_hq(by)
        if clearance.suspended_at:
            raise WrongExemplarState
        clearance.suspended_at, clearance.suspended_reason = timezone.now(), reason.strip()[:300]
        clearance.save(update_fields=["suspended_at", "suspended_reason", "updated_at"])
        exemplar = clearance.exemplar
        exemplar.state = Exemplar.State.SUSPENDED
        exemplar.save(update_fields=["state", "updated_at"])
        audit.record(by, "clearance.suspended", clearance, reason=reason)
        events.publish(
            said.ClearanceSuspended(
                subject_id=exemplar.pk, unit_id=clearance.unit_id,
                number=clearance.number, reason=reason.strip()[:300],
            )
        )  # fmt: skip
    return clearance


def _require_hq(by: Member) -> None:
    """Only who plans at HQ clears anybody: 严格审批管理."""
    hq = network.headquarters()
    policy.require(by, "exemplars.manage", hq.pk if hq else None)
