"""No exemplar without a clearance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rongmei.exemplars import actions
from rongmei.exemplars.selectors import clearance_problems
from rongmei.kernel.errors import BadInput, NotAllowed, NotFound

TOMORROW = timezone.localdate() + timedelta(days=1)


def recommended(cast, consent="11月1日当面同意"):
    by = cast["yl.planner"]
    return actions.exemplar_recommend(
        by=by, unit_id=by.unit_id, name="刘长河", deeds="巡线三十年", consent_note=consent
    )


def problems(cast, text="刘长河带队抢修", public=True, flagged=True):
    return clearance_problems(
        unit_id=cast.unit("yunling").pk, features_exemplar=flagged, text=text, public=public
    )


def test_only_a_valid_public_clearance_opens_the_gate(cast):
    one = recommended(cast)
    assert problems(cast) and problems(cast, text="没有姓名") and not problems(cast, flagged=False)
    actions.clearance_issue(
        by=cast["planner"], exemplar_id=one.pk, scope="internal", valid_until=TOMORROW
    )
    assert problems(cast) and not problems(cast, public=False)
    issued = actions.clearance_issue(
        by=cast["planner"], exemplar_id=one.pk, scope="public", valid_until=TOMORROW
    )
    assert not problems(cast) and problems(cast, text="没有姓名")
    type(issued).objects.update(valid_until=timezone.localdate() - timedelta(days=1))
    assert problems(cast)


def test_suspending_shuts_it_even_for_unflagged_text(cast):
    one = recommended(cast)
    issued = actions.clearance_issue(
        by=cast["planner"], exemplar_id=one.pk, scope="public", valid_until=TOMORROW
    )
    with pytest.raises(BadInput):
        actions.clearance_suspend(by=cast["planner"], clearance_id=issued.pk, reason=" ")
    actions.clearance_suspend(by=cast["planner"], clearance_id=issued.pk, reason="核查中")
    assert problems(cast) and problems(cast, flagged=False)


def test_only_hq_clears_and_never_without_consent(cast):
    one = recommended(cast, consent="")
    with pytest.raises(NotAllowed):
        actions.clearance_issue(
            by=cast["yl.planner"], exemplar_id=one.pk, scope="public", valid_until=TOMORROW
        )
    with pytest.raises(BadInput):
        actions.clearance_issue(
            by=cast["planner"], exemplar_id=one.pk, scope="public", valid_until=TOMORROW
        )
    with pytest.raises(NotFound):
        actions.clearance_issue(
            by=cast["jc.chief"], exemplar_id=one.pk, scope="public", valid_until=TOMORROW
        )


def test_pages_are_scoped(cast, signed_in):
    one = recommended(cast)
    assert "刘长河" in signed_in("planner").get(reverse("exemplars:list")).content.decode()
    assert "刘长河" not in signed_in("jc.chief").get(reverse("exemplars:list")).content.decode()
    assert signed_in("yl.reporter").get(reverse("exemplars:list")).status_code == 403
    assert signed_in("yl.chief").get(reverse("exemplars:new")).status_code == 403
    posted = {"scope": "public", "valid_until": TOMORROW.isoformat()}
    assert (
        signed_in("yl.planner").post(reverse("exemplars:clear", args=[one.pk]), posted).status_code
        == 403
    )
    assert (
        signed_in("planner").post(reverse("exemplars:clear", args=[one.pk]), posted).status_code
        == 302
    )
    assert not problems(cast)
