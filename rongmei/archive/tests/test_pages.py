"""The archive's pages, API and commands: who finds what, and what the page says."""

from __future__ import annotations

import json
import uuid
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from rongmei.archive import actions, selectors
from rongmei.archive.models import Document
from rongmei.kernel import db

pytestmark = pytest.mark.django_db
SCRIPT = '<script>alert("示例")</script><img src=x onerror=alert(1)>'


def keep(cast, unit, title, *, shared=True, body="台风过后,抢修队员连夜恢复供电。", **more):
    with db.write():
        return actions.document_keep(
            kind="article", identity=title, unit_id=cast.unit(unit).pk, title=title, body=body,
            source_name=more.pop("source_name", "云岭日报(示例)"), published_at=timezone.now(),
            shared=shared, **more,
        )  # fmt: skip


@pytest.fixture
def held(cast, own_index):
    made = {
        "all": keep(cast, "hq", "台风抢修进展", region="云岭", media_class="local"),
        "yl": keep(cast, "yunling", "云岭内部台风材料", shared=False),
        "jc": keep(cast, "jiangchuan", "江川内部台风材料", shared=False),
    }
    own_index()
    return made


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("yl.reporter", {"all", "yl"}), ("jc.reporter", {"all", "jc"}), ("planner", {"all", "yl", "jc"}),
        # HQ's reporter holds the permission at HQ only, so units below keep theirs.
        ("hq.reporter", {"all"}), ("smk.reporter", {"all"}),
    ],
)  # fmt: skip
def test_another_units_private_documents_are_never_found_or_opened(
    cast, signed_in, held, who, seen
):
    page = selectors.find(cast[who], "台风")
    assert {found.document.pk for found in page.hits} == {held[name].pk for name in seen}
    assert page.total == len(seen)
    assert sum(n for _value, n in page.facets["kind"]) == len(seen)
    client = signed_in(who)
    for name, document in held.items():
        expected = 200 if name in seen else 404
        assert client.get(f"/desk/archive/{document.pk}/").status_code == expected
        assert client.get(f"/api/v1/archive/documents/{document.pk}").status_code == expected
    answer = client.get("/api/v1/archive/search", {"q": "台风", "facets": True}).json()
    assert answer["total"] == len(seen)


def test_a_document_made_private_is_not_shown_from_an_old_index(cast, held):
    Document.objects.filter(pk=held["all"].pk).update(shared=False)
    page = selectors.find(cast["jc.reporter"], "抢修")
    assert held["all"].pk not in {found.document.pk for found in page.hits}


def test_a_row_of_chips_goes_on_offering_what_was_not_chosen(cast, signed_in, held, own_index):
    keep(cast, "hq", "台风路径", media_class="central", source_name="江川晚报(示例)")
    own_index()
    client = signed_in("planner")
    # The two kept by units are of the company's own class.
    asked = {"q": "台风", "media_class": ["local"], "facets": True}
    answer = client.get("/api/v1/archive/search", asked).json()
    counts = {
        name: {one["value"]: one["count"] for one in answer["facets"][name]}
        for name in ("channel_class", "source")
    }
    assert answer["total"] == 1
    assert counts["channel_class"] == {"company": 2, "local": 1, "central": 1}
    assert counts["source"] == {"云岭日报(示例)": 1}
    asked["media_class"] = ["local", "central"]
    assert client.get("/api/v1/archive/search", asked).json()["total"] == 2
    page = client.get("/desk/archive/?q=台风&class=local").content.decode()
    assert 'value="central"' in page or "class=central" in page


@pytest.mark.parametrize("who", ["sysadmin", "secadmin", "auditor"])
def test_administrators_do_not_search(signed_in, held, who):
    client = signed_in(who)
    assert client.get("/desk/archive/").status_code == 403
    assert client.get("/api/v1/archive/search").status_code == 403
    assert client.get(f"/desk/archive/{held['all'].pk}/").status_code in {403, 404}


def test_what_others_wrote_is_shown_as_text(cast, signed_in, own_index):
    document = keep(
        cast, "hq", f"标题{SCRIPT}", body=f"正文{SCRIPT}。" * 3, source_name=f"源{SCRIPT}"[:80],
        summary=SCRIPT, url="javascript:alert(1)", tags=[SCRIPT], authors=SCRIPT,
    )  # fmt: skip
    keep(cast, "hq", f"标题{SCRIPT}", body=f"更正{SCRIPT}。" * 3)
    own_index()
    client = signed_in("planner")
    for path in (
        "/desk/archive/?q=标题", f"/desk/archive/{document.pk}/",
        f"/desk/archive/{document.pk}/?panel=versions", f"/desk/archive/?q={SCRIPT}",
    ):  # fmt: skip
        html = client.get(path).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert 'href="javascript' not in html


def test_the_list_page_costs_few_queries(cast, signed_in, own_index, django_assert_max_num_queries):
    for number in range(30):
        keep(cast, "hq", f"第{number}条台风消息")
    own_index()
    client = signed_in("planner")
    client.get("/desk/archive/")
    with django_assert_max_num_queries(14):
        html = client.get("/desk/archive/", {"q": "台风"}).content.decode()
    assert html.count("/desk/archive/0") >= 20
    assert "page=2" in html


def test_chips_and_words_narrow_together(signed_in, held, cast, own_index):
    keep(cast, "hq", "江川台风消息", region="江川", source_name="江川晚报(示例)")
    own_index()
    client = signed_in("hq.reporter")
    html = client.get("/desk/archive/", {"q": "台风", "region": "江川"}).content.decode()
    assert "江川<mark>台风</mark>消息" in html
    assert "抢修进展" not in html
    both = client.get("/desk/archive/?q=台风&region=江川&region=云岭").content.decode()
    assert "抢修进展" in both
    today = timezone.localdate().isoformat()
    assert "抢修进展" in client.get("/desk/archive/", {"day": today}).content.decode()
    empty = client.get("/desk/archive/", {"day": "2020-01-01"}).content.decode()
    assert "没有找到" in empty


def test_a_pitch_starts_from_a_document_for_those_who_may_pitch(signed_in, held):
    document = held["all"]
    path = f"/desk/planning/pitches/new/?document={document.pk}"
    client = signed_in("planner")
    assert path in client.get(f"/desk/archive/{document.pk}/").content.decode()
    assert document.title in client.get(path).content.decode()
    assert path not in signed_in("editor").get(f"/desk/archive/{document.pk}/").content.decode()


def test_a_wrong_query_is_pointed_at(signed_in, held):
    answer = signed_in("planner").get("/desk/archive/", {"q": "台风 (抢修"})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "<mark>(</mark>" in html
    assert "\u3000\u3000 ^" in html


def test_a_document_says_what_changed(cast, signed_in):
    document = keep(cast, "hq", "示例公告", body="受灾三个县。已恢复供电。")
    keep(cast, "hq", "示例公告", body="受灾四个县。已恢复供电。")
    html = signed_in("planner").get(f"/desk/archive/{document.pk}/?panel=versions").content.decode()
    assert "<del>三</del><ins>四</ins>" in html


def test_search_from_the_command_line(held):
    out = StringIO()
    call_command("search", "台风", "--json", stdout=out)
    assert {json.loads(line)["id"] for line in out.getvalue().splitlines()} == {
        str(one.pk) for one in held.values()
    }
    with pytest.raises(CommandError, match=r"\^"):
        call_command("search", "(台风")


def test_the_index_is_verified_and_rebuilt(cast, held):
    out = StringIO()
    call_command("archive", "verify", "--json", stdout=out)
    assert json.loads(out.getvalue())["ok"] is True
    keep(cast, "hq", "还没有进索引")
    out = StringIO()
    call_command("archive", "verify", "--json", stdout=out)
    # What waits for the index process is said, and is no difference.
    assert json.loads(out.getvalue())["behind"] == 1
    Document.objects.filter(pk=held["jc"].pk).delete()
    with pytest.raises(CommandError):
        call_command("archive", "verify", "--full", "--json", stdout=StringIO())
    out = StringIO()
    call_command("archive", "rebuild", "--json", stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1])["ok"] is True
    assert selectors.find(cast["planner"], "索引").total == 1


def test_a_document_that_is_not_there_is_404(signed_in):
    assert signed_in("planner").get(f"/desk/archive/{uuid.uuid4()}/").status_code == 404
