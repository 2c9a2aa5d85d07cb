"""Names, posts and order: a table of a unit against what a story says. Everybody here is invented."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rongmei.stories import actions, canonical, checking, lexicon_sheets, people
from rongmei.stories.models import Lexicon, Story
from rongmei.stories.tests import newsroom

TODAY = date(2026, 11, 25)
PEOPLE = lexicon_sheets.SHAPES["people"]


def row(name, post, order="", begins="", ends="", also=""):
    return lexicon_sheets.person_of(
        {"姓名": name, "职务": post, "排序": order, "任职起": begins, "任职止": ends, "别称": also}
    )


ROWS = [
    row("示例甲", "云岭公司董事长", "1", also="党委书记"),
    row("示例甲", "云岭公司总经理", "", "2020-01-01", "2025-12-31"),
    row("示例乙", "云岭公司总经理", "2", "2026-01-01"),
    row("示例丙", "云岭公司副总经理", "3"),
    row("示例丁", "云岭公司工会主席", "4", "2026-12-01"),
]
TABLE = people.Table(people.post_of(one) for one in ROWS)


def found(text):
    return [(code, text[slice(*span)], instead) for code, span, instead in people.look(TABLE, text, TODAY)]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # As the table says, in full, short, by another name, after the name, several at once.
        ("云岭公司董事长示例甲到场。", []),
        ("董事长、党委书记示例甲到场。", []),
        ("示例乙总经理到场。", []),
        ("副总经理示例丙到场，示例戊总经理也到场。", []),
        ("示例甲到场。", []),
        # A wrong post, with the right one where there is one.
        ("副总经理示例乙到场。", [("wrong_post", "副总经理", "云岭公司总经理")]),
        ("总经理示例丙到场。", [("wrong_post", "总经理", "云岭公司副总经理")]),
        ("董事长、工会主席示例甲到场。", [("wrong_post", "工会主席", "云岭公司董事长")]),
        # A post that was given up, unless the text says so; one that has not begun.
        ("总经理示例甲到场。", [("old_post", "总经理", "云岭公司董事长")]),
        ("原总经理示例甲到场。", []),
        ("原云岭公司总经理示例甲到场。", []),
        ("时任云岭公司总经理示例甲到场。", []),
        ("原副总经理示例乙到场。", [("wrong_post", "副总经理", "云岭公司总经理")]),
        ("工会主席示例丁到场。", [("early_post", "工会主席", "")]),
        # Order, with and without posts; only within one list.
        ("示例甲、示例乙、示例丙出席。", []),
        ("示例丙、示例甲出席。", [("person_order", "示例丙、示例甲", "示例甲、示例丙")]),
        (
            "总经理示例乙和董事长示例甲出席。",
            [("person_order", "总经理示例乙和董事长示例甲", "董事长示例甲和总经理示例乙")],
        ),
        (
            "公司副总经理示例丙，云岭公司董事长示例甲出席。",
            [
                (
                    "person_order",
                    "副总经理示例丙，云岭公司董事长示例甲",
                    "云岭公司董事长示例甲，副总经理示例丙",
                )
            ],
        ),
        ("示例丙说。示例甲说。", []),
        ("示例丙主持会议，示例甲作报告。", []),
    ],
)
def test_what_the_table_contradicts(text, expected):
    assert found(text) == expected


def test_a_sheet_of_people_comes_back_as_it_went_out():
    for content in (lexicon_sheets.as_csv(ROWS, PEOPLE), lexicon_sheets.as_excel(ROWS, PEOPLE)):
        taken = lexicon_sheets.read(content, PEOPLE)
        assert taken.entries == ROWS and not taken.refused


def test_every_bad_row_is_told_with_its_reason():
    rows = [
        "姓名,职务,排序,任职起,任职止",
        "示例甲,董事长,1,2026年1月2日,",
        "甲,董事长,,,",
        "示例乙,,,,",
        "示例丙,主任,第一,,",
        "示例丁,主任,,2026-02-30,",
        "示例戊,主任,,2026-02-02,2026-01-01",
        "示例甲、示例乙,主任,,,",
        "示例甲,董事长,1,2026-01-02,",
    ]
    taken = lexicon_sheets.read("\n".join(rows).encode(), PEOPLE)
    assert [one["from"] for one in taken.entries] == ["2026-01-02"]
    assert [one.row for one in taken.refused] == [3, 4, 5, 6, 7, 8, 9]
    assert len({one.note for one in taken.refused}) == 6


def a_table(cast, entries, **more):
    by = cast["yl.second"]
    table = actions.lexicon_create(by=by, unit_id=by.unit_id, name="示例职务表", kind="people")
    made = actions.lexicon_propose(by=by, lexicon_id=table.pk, entries=entries, note="示例", **more)
    return actions.lexicon_approve(by=cast["yl.chief"], version_id=made.pk, digest=made.digest)


def test_a_table_holds_after_a_second_person_and_expires_reports(cast):
    story = newsroom.draft(cast, body=newsroom.body("<p>副总经理示例乙到场。</p>"))
    fresh = Story.objects.get(pk=story.pk)
    before = checking.versions_now(fresh)
    a_table(cast, [row("示例乙", "总经理")])
    assert checking.versions_now(fresh) != before
    (one,) = checking.run(fresh, canonical.content_of(fresh)).findings
    assert (one.code, one.found, one.suggestion) == ("wrong_post", "副总经理", "总经理")
    saved = actions.finding_replace(
        by=cast["yl.reporter"], story_id=story.pk, content_hash=fresh.content_hash, code=one.code,
        found=one.found, part=one.part, start=one.start,
    )  # fmt: skip
    assert saved.body_text == "总经理示例乙到场。"


def test_a_post_ends_on_its_day_without_a_new_version(cast):
    today = timezone.localdate()
    ends = (today - timedelta(days=1)).isoformat()
    a_table(cast, [row("示例乙", "总经理", "", "2020-01-01", ends)])
    story = newsroom.draft(cast, body=newsroom.body("<p>总经理示例乙到场。</p>"))
    codes = [one.code for one in checking.run(story, canonical.content_of(story)).findings]
    assert codes == ["old_post"]


def test_people_are_kept_by_the_pages(cast, signed_in):
    client = signed_in("yl.second")
    unit = str(cast.unit("yunling").pk)
    made = client.post(reverse("stories:lexicons"), {"name": "示例职务表", "kind": "people", "unit": unit})  # fmt: skip
    table = Lexicon.objects.get()
    assert made.status_code == 302 and table.kind == "people"
    where = reverse("stories:lexicon_propose", args=[table.pk])
    refused = client.post(where, {"name": "示例甲", "post": "", "note": "示例"})
    assert refused.status_code == 422 and "职务要有" in refused.content.decode()
    sent = client.post(where, {"name": "示例甲", "post": "董事长", "order": "1", "begins": "2026-01-01", "note": "示例"})  # fmt: skip
    shown = client.get(sent.url).content.decode()
    assert "示例甲 · 董事长 · 2026-01-01" in shown and "排序 1" in shown
    version = table.versions.get()
    approve = reverse("stories:lexicon_approve", args=[version.pk])
    signed_in("yl.chief").post(approve, {"digest": version.digest})
    page = client.get(reverse("stories:lexicon", args=[table.pk])).content.decode()
    assert "示例甲" in page and "任职起" in page
    export = client.get(reverse("stories:lexicon_export", args=[version.pk]))
    assert export.content.decode("utf-8-sig").startswith("姓名,职务,")
