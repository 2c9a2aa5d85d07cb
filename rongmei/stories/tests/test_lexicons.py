"""Lexicons: two people for every change, versions that never change, sheets in and out."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from rongmei.kernel.errors import NotAllowed, NotFound
from rongmei.kernel.models import AuditEntry
from rongmei.network.models import Notice
from rongmei.stories import actions, checking, lexicon_sheets, lexicons
from rongmei.stories.errors import (
    BadLexiconSheet,
    BlockingFindings,
    LexiconChanged,
    LexiconExists,
    LexiconUnchanged,
    LexiconWaits,
    ReasonMissing,
    TwoPeopleNeeded,
    WrongState,
)
from rongmei.stories.models import LexiconVersion
from rongmei.stories.tests import newsroom

WORDS = lexicon_sheets.SHAPES["words"]
HEADS = ",".join(lexicon_sheets.COLUMNS)


def entry(word, level="禁", **more):
    return lexicon_sheets.entry_of({"级别": level, "词语": word, **more})


def begun(cast, name="示例词库", by="yl.second"):
    return actions.lexicon_create(by=cast[by], unit_id=cast[by].unit_id, name=name)


def proposed(cast, lexicon, *words, by="yl.second", **more):
    return actions.lexicon_propose(
        by=cast[by],
        lexicon_id=lexicon.pk,
        entries=[entry(one) for one in words],
        note="示例",
        **more,
    )


def approved(cast, lexicon, *words, by="yl.chief", **more):
    made = proposed(cast, lexicon, *words, **more)
    return actions.lexicon_approve(by=cast[by], version_id=made.pk, digest=made.digest)


def found(story):
    return {one.found for one in checking.run(story, checking.canonical.content_of(story)).findings}


def test_a_version_holds_once_a_second_person_has_approved_it(cast):
    lexicon, story = begun(cast), newsroom.draft(cast)
    made = proposed(cast, lexicon, "云岭抢修")
    assert "云岭抢修" not in found(story)
    actions.lexicon_approve(by=cast["yl.chief"], version_id=made.pk, digest=made.digest)
    assert "云岭抢修" in found(story)
    with pytest.raises(BlockingFindings):
        newsroom.submit(cast, story)
    kept = story.checks.get()
    assert kept.versions["lexicons"] == f"示例词库 1 ({made.digest[:8]})"


def test_nobody_approves_what_they_proposed_and_the_try_is_kept(cast):
    made = proposed(cast, begun(cast), "示例词")
    with pytest.raises(TwoPeopleNeeded):
        actions.lexicon_approve(by=cast["yl.second"], version_id=made.pk, digest=made.digest)
    assert LexiconVersion.objects.get().state == "proposed"
    assert AuditEntry.objects.filter(action="lexicon.refused").count() == 1


def test_the_database_holds_the_rule_of_two_people_too(cast):
    made = proposed(cast, begun(cast), "示例词")
    for decider in (None, made.made_by_id):
        with pytest.raises(IntegrityError), transaction.atomic():
            LexiconVersion.objects.filter(pk=made.pk).update(
                state="approved", decided_by_id=decider
            )


def test_what_is_approved_is_what_was_looked_at(cast):
    made = proposed(cast, begun(cast), "示例词")
    with pytest.raises(LexiconChanged):
        actions.lexicon_approve(by=cast["yl.chief"], version_id=made.pk, digest="0" * 64)


def test_who_may_not_manage_may_neither_propose_nor_approve(cast):
    lexicon = begun(cast)
    made = proposed(cast, lexicon, "示例词")
    with pytest.raises(NotAllowed):
        actions.lexicon_propose(
            by=cast["yl.reporter"], lexicon_id=lexicon.pk, entries=[entry("另一个")], note="示例"
        )
    with pytest.raises(NotAllowed):
        actions.lexicon_approve(by=cast["yl.first"], version_id=made.pk, digest=made.digest)
    with pytest.raises(NotFound):
        actions.lexicon_approve(by=cast["jc.chief"], version_id=made.pk, digest=made.digest)
    with pytest.raises(NotAllowed):
        actions.lexicon_create(by=cast["jc.chief"], unit_id=lexicon.unit_id, name="别处")


def test_one_proposal_at_a_time_with_a_reason_and_a_change(cast):
    lexicon = begun(cast)
    with pytest.raises(LexiconExists):
        begun(cast)
    approved(cast, lexicon, "示例词")
    with pytest.raises(LexiconUnchanged):
        proposed(cast, lexicon, "示例词")
    with pytest.raises(ReasonMissing):
        actions.lexicon_propose(by=cast["yl.second"], lexicon_id=lexicon.pk, entries=[], note=" ")
    waiting = proposed(cast, lexicon, "示例词", "第二词")
    with pytest.raises(LexiconWaits):
        proposed(cast, lexicon, "第三词")
    actions.lexicon_refuse(by=cast["yl.second"], version_id=waiting.pk, reason="收回")
    with pytest.raises(WrongState):
        actions.lexicon_approve(by=cast["yl.chief"], version_id=waiting.pk, digest=waiting.digest)
    assert Notice.objects.filter(kind="stories.lexicon", member=cast["yl.chief"]).exists()


def test_rolling_back_takes_two_people_and_makes_a_new_version(cast):
    lexicon = begun(cast)
    first = approved(cast, lexicon, "云岭抢修")
    approved(cast, lexicon, "别的词")
    back = actions.lexicon_restore(by=cast["yl.second"], version_id=first.pk, note="退回")
    story = newsroom.draft(cast)
    assert "云岭抢修" not in found(story)
    actions.lexicon_approve(by=cast["yl.chief"], version_id=back.pk, digest=back.digest)
    assert back.number == 3 and "云岭抢修" in found(story)


def test_days_columns_and_units_say_where_a_version_holds(cast):
    lexicon, today = begun(cast), timezone.localdate()
    approved(cast, lexicon, "云岭抢修", categories=["安全"], valid_until=today + timedelta(days=2))
    at = cast.unit("yunling").pk
    assert lexicons.in_force(at, "安全", today)
    assert not lexicons.in_force(at, "要闻", today)
    assert not lexicons.in_force(at, "安全", today + timedelta(days=3))
    assert not lexicons.in_force(at, "安全", today - timedelta(days=1))
    assert lexicons.in_force(cast.unit("shimenkan").pk, "安全", today)
    assert not lexicons.in_force(cast.unit("jiangchuan").pk, "安全", today)
    approved(cast, lexicon, "以后的词", effective_on=today + timedelta(days=5))
    (held,) = lexicons.in_force(at, "安全", today)
    assert held.label == "示例词库 1"
    (held,) = lexicons.in_force(at, "", today + timedelta(days=5))
    assert held.label == "示例词库 2"


def test_a_report_expires_when_the_rules_change(cast, signed_in):
    story = newsroom.submit(cast, newsroom.draft(cast))
    address = reverse("stories:story", args=[story.pk])
    assert "报告已过期" not in signed_in("yl.reporter").get(address).content.decode()
    approved(cast, begun(cast), "云岭抢修")
    page = signed_in("yl.reporter").get(address).content.decode()
    assert "报告已过期" in page and "示例词库 1" in page


def test_sheets_come_back_as_they_went_out():
    entries = [
        entry("残废", 说明="说明,有逗号", 改为="残疾", 例外="残废军人|残废金", 语境="引号|书名"),
        entry("确保*万无一失", "慎", 通配="是"), entry("=CMD词", "提示"),
    ]  # fmt: skip
    for content in (lexicon_sheets.as_csv(entries, WORDS), lexicon_sheets.as_excel(entries, WORDS)):
        taken = lexicon_sheets.read(content, WORDS)
        assert taken.entries == entries and not taken.refused
    assert b"\n\xe6\x8f\x90\xe7\xa4\xba,'=CMD" in lexicon_sheets.as_csv(entries, WORDS).replace(
        b"\r", b""
    )


def test_every_bad_row_is_told_with_its_number_and_reason():
    rows = [
        HEADS, "禁,好词,,,,,,", "大,词语,,,,,,", "禁,单,,,,,,", "禁,好词,,,,,,", "慎,词语二,,,,别处,,",
        "慎,*,,,,,是,", f"慎,词语三,{'长' * 201},,,,,", "示例行,x,,,,,,", ",,,,,,,",
    ]  # fmt: skip
    taken = lexicon_sheets.read("\n".join(rows).encode(), WORDS)
    assert [one.row for one in taken.refused] == [3, 4, 5, 6, 7, 8]
    assert all(one.note for one in taken.refused)


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04 broken", b"\xff\xfe\x00\x00\xff", b"", b"a,b\n1,2", "级别\n禁".encode()],
)
def test_what_is_no_sheet_is_refused(content):
    with pytest.raises(BadLexiconSheet):
        lexicon_sheets.read(content, WORDS)


def test_a_sheet_in_gb18030_is_read():
    taken = lexicon_sheets.read(f"{HEADS}\n禁,示例词语,,,,,,".encode("gb18030"), WORDS)
    assert [one["word"] for one in taken.entries] == ["示例词语"]


def test_the_pages_import_show_the_difference_and_approve(cast, signed_in):
    lexicon = begun(cast)
    book = openpyxl.Workbook()
    book.active.append(lexicon_sheets.COLUMNS)
    book.active.append(["禁", "云岭抢修", "示例", "抢修队"])
    out = io.BytesIO()
    book.save(out)
    bad = SimpleUploadedFile("a.csv", f"{HEADS}\n大,词语,,,,,,".encode())
    address = reverse("stories:lexicon_propose", args=[lexicon.pk])
    refused = signed_in("yl.second").post(address, {"sheet": bad, "note": "示例"})
    assert refused.status_code == 422 and "级别只能是" in refused.content.decode()
    good = SimpleUploadedFile("a.xlsx", out.getvalue())
    assert signed_in("yl.second").post(address, {"sheet": good, "note": "示例"}).status_code == 302
    made = LexiconVersion.objects.get()
    shown = signed_in("yl.second").get(reverse("stories:lexicon_version", args=[made.pk]))
    assert "云岭抢修" in shown.content.decode() and "另一人核准" in shown.content.decode()
    approve = reverse("stories:lexicon_approve", args=[made.pk])
    assert signed_in("yl.second").post(approve, {"digest": made.digest}).status_code == 403
    assert signed_in("yl.chief").post(approve, {"digest": made.digest}).status_code == 302
    made.refresh_from_db()
    assert made.state == "approved"
    one_word = {"level": "慎", "word": "第二词", "note": "加一个"}
    signed_in("yl.second").post(address, one_word)
    second = LexiconVersion.objects.get(number=2)
    assert {one["word"] for one in second.entries} == {"云岭抢修", "第二词"}
    export = signed_in("yl.reporter").get(reverse("stories:lexicon_export", args=[made.pk]))
    assert "云岭抢修" in export.content.decode("utf-8-sig")
