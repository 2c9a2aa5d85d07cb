"""Retention and holds as people meet them: the command, the pages, and what these cost."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rongmei.archive import keeping
from rongmei.archive.models import RetentionRule
from rongmei.archive.tests.test_retention import in_force, keep, titles
from rongmei.kernel.errors import NotAllowed

pytestmark = pytest.mark.django_db


def test_the_command_counts_first_and_removes_then(cast):
    def said(*given):
        call_command("archive", "retention", "--json", *given, stdout=(out := io.StringIO()))
        return json.loads(out.getvalue())

    assert said() == {"rules": 0, "removed": 0}
    in_force(cast)
    held = keep(cast, "甲", days=100)
    keeping.hold_place(by=cast["auditor"], name="示例", reason="示例", document_ids=[held.pk])
    keep(cast, "乙", days=100)
    due = said("--dry-run")
    assert (due["removable"], due["held"], due["in_use"]) == (1, 1, 0)
    assert titles() == {"甲", "乙"}
    done = said()
    assert (done["removed"], done["held"]) == (1, 1)
    assert titles() == {"甲"}


def test_a_refused_hold_is_no_fault_of_the_form(cast, client, monkeypatch):
    def refuse(**given):
        raise NotAllowed

    monkeypatch.setattr(keeping, "hold_place", refuse)
    client.force_login(cast["auditor"])
    form = {"name": "示例", "reason": "示例", "query": "台风"}
    assert client.post("/desk/archive/holds/", form).status_code == 403


def test_the_pages_lead_from_a_proposal_to_its_preview_and_into_force(cast, client):
    keep(cast, "甲", days=100)
    client.force_login(cast["sysadmin"])
    form = {"keep": "days", "days": "90", "reason": "示例依据", "media_class": "social",
            "effective_on": timezone.localdate().isoformat()}  # fmt: skip
    missing = client.post("/desk/archive/retention/new/", {**form, "days": ""})
    assert missing.status_code == 422
    assert "保留天数要在 60 到" in missing.content.decode()
    page = client.post("/desk/archive/retention/new/", form, follow=True).content.decode()
    assert "有 1 篇现在保留的资料到期" in page
    assert "核准，按期执行" not in page
    rule = RetentionRule.objects.get()
    url = f"/desk/archive/retention/{rule.pk}/"
    assert client.post(f"{url}decide/", {"act": "put"}).status_code == 409
    client.force_login(cast["secadmin"])
    assert "核准，按期执行" in client.get(url).content.decode()
    client.post(f"{url}decide/", {"act": "put"})
    assert "90 天" in client.get("/desk/archive/retention/").content.decode()


def test_a_documents_page_says_until_when_it_is_kept_and_that_it_is_held(cast, client):
    document = keep(cast, "甲")
    client.force_login(cast["planner"])
    url = f"/desk/archive/{document.pk}/"
    assert "永久" in client.get(url).content.decode()
    in_force(cast)
    until = timezone.localtime(document.fetched_at + timedelta(days=90))
    assert f"{until:%Y-%m-%d}" in client.get(url).content.decode()
    hold = keeping.hold_place(
        by=cast["auditor"], name="示例案", reason="机密", document_ids=[document.pk]
    )
    page = client.get(url).content.decode()
    assert "保全中" in page
    assert "示例案" not in page
    assert "机密" not in page
    client.force_login(cast["auditor"])
    assert "示例甲" in client.get(f"/desk/archive/holds/{hold.pk}/").content.decode()


def test_another_units_auditor_does_not_see_the_hold(cast, client):
    document = keep(cast, "甲")
    hold = keeping.hold_place(
        by=cast["auditor"], name="示例案", reason="示例", document_ids=[document.pk]
    )
    client.force_login(cast["yl.auditor"])
    assert "示例案" not in client.get("/desk/archive/holds/").content.decode()
    assert client.get(f"/desk/archive/holds/{hold.pk}/").status_code == 404


def test_the_lists_cost_the_same_for_one_and_for_many(cast, client):
    client.force_login(cast["auditor"])
    document = keep(cast, "甲")
    for url, more in (
        ("/desk/archive/holds/", lambda number: keeping.hold_place(
            by=cast["auditor"], name=str(number), reason="示例", document_ids=[document.pk])),
        ("/desk/archive/retention/", lambda number: in_force(
            cast, days=60 + number, unit_id=cast.unit("yunling").pk)),
    ):  # fmt: skip
        counts = []
        client.get(url)
        for number in (1, 12):
            for one in range(number):
                more(one + number)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 20, url
