"""Rules of retention over the API: one proposes, another looks at what would go and agrees."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongmei.archive import keeping
from rongmei.archive.models import Document, RetentionRule
from rongmei.archive.tests.stock import keep
from rongmei.kernel.models import AuditEntry
from rongmei.network.actions import tokens

pytestmark = pytest.mark.django_db
PROPOSALS = "/api/v1/archive/retention/proposals"


@pytest.fixture
def call(cast, client):
    """Ask the API as a person."""

    def ask(who, method, path="", **body):
        secret = tokens.token_create(by=cast[who], name="示例", read_only=False).secret
        verb = getattr(client, method)
        more = {"data": body, "content_type": "application/json"} if body else {}
        return verb(f"{PROPOSALS}{path}", headers={"authorization": f"Bearer {secret}"}, **more)

    return ask


def proposed(call, **more):
    today = timezone.localdate().isoformat()
    terms = {"keep": "days", "days": 90, "effective_on": today, "reason": "示例", **more}
    return call("sysadmin", "post", **terms)


def aged(cast, title, **more):
    kept = keep(cast, "hq", title, source_name=title, **more)
    Document.objects.filter(pk=kept.pk).update(fetched_at=timezone.now() - timedelta(days=100))
    return kept


def test_a_proposal_counts_when_another_has_agreed(cast, call):
    for number in range(3):
        aged(cast, f"旧的{number}", number=number, media_class="social" if number else "local")
    held = aged(cast, "保全的", number=9, media_class="social")
    keeping.hold_place(by=cast["auditor"], name="示例", reason="示例", document_ids=[held.pk])
    made = proposed(call, media_class="social")
    assert made.status_code == 201
    path = f"/{made.json()['id']}"
    assert [one["id"] for one in call("auditor", "get").json()] == [made.json()["id"]]
    would = call("auditor", "get", path).json()
    assert (would["would_remove"], would["held"]) == (2, 1)
    assert would["groups"] == [{"media_class": "social", "kind": "article", "count": 2}]
    # Who proposed it is no second person.
    assert call("sysadmin", "post", path, act="agree").status_code in {403, 409}
    assert RetentionRule.objects.get().state == "proposed"
    agreed = call("auditor", "post", path, act="agree")
    assert (agreed.status_code, agreed.json()["state"]) == (200, "in_force")
    assert call("auditor", "get").json() == []
    assert call("auditor", "get", path).json()["would_remove"] == 0
    assert call("secadmin", "post", path, act="withdraw").status_code == 409
    lines = AuditEntry.objects.filter(action__startswith="retention.").order_by("seq")
    assert [one.action for one in lines] == ["retention.proposed", "retention.put_in_force"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": 30}, {"days": None}, {"keep": "never"}, {"reason": ""}, {"media_class": "paper"},
        {"effective_on": "2020-01-01"}, {"effective_on": "soon"}, {"kind": "nothing"},
    ],
)  # fmt: skip
def test_what_no_rule_can_say_is_refused(call, wrong):
    assert proposed(call, **wrong).status_code in {400, 422}
    assert not RetentionRule.objects.exists()


def test_who_proposed_it_may_take_it_back(call):
    path = f"/{proposed(call).json()['id']}"
    assert call("sysadmin", "post", path, act="withdraw").json()["state"] == "withdrawn"
    assert call("auditor", "post", path, act="agree").status_code == 409


def test_a_hold_by_a_search_understands_the_names_that_the_search_page_does(cast, own_index):
    """类别:地方媒体 found nothing, -类别:地方媒体 everything."""
    keep(cast, "hq", "台风一", number=1, media_class="local", source_name="甲(示例)")
    keep(cast, "hq", "台风二", number=2, media_class="central", source_name="乙(示例)")
    own_index()
    for query, count in (("台风 类别:地方媒体", 1), ("台风 -类别:地方媒体", 1), ("台风", 2)):
        hold = keeping.hold_place(by=cast["auditor"], name="示例", reason="示例", query=query)
        assert hold.count == count, query
