"""Accounts, settings, previews, the audit pages, imports; how many queries the lists ask."""

from __future__ import annotations

import io
from datetime import time, timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput
from rongmei.kernel.models import AuditEntry
from rongmei.network import actions, audit_words, auditing, previews, sheets
from rongmei.network.actions import members, units
from rongmei.network.errors import BadSheet, CodeTaken, UsernameTaken
from rongmei.network.models import Member, Notice, RoleHolding, Unit
from rongmei.network.types import Role


def test_a_new_account_has_no_role_and_must_change_its_password(cast):
    made = members.member_add(
        by=cast["yl.sysadmin"], unit_id=cast.unit("yunling").pk, username="new.one", name="新人"
    )
    assert made.member.check_password(made.password)
    assert made.member.must_change_password
    assert not made.member.holdings.exists()
    assert AuditEntry.objects.get(action="member.added").unit_id == cast.unit("yunling").pk
    assert made.password not in str(list(AuditEntry.objects.values()))


def test_usernames_and_codes_are_unique_and_plain(cast):
    by, unit = cast["sysadmin"], cast.unit("hq").pk
    with pytest.raises(UsernameTaken):
        members.member_add(by=by, unit_id=unit, username="planner", name="甲")
    with pytest.raises(BadInput):
        members.member_add(by=by, unit_id=unit, username="Not Plain", name="甲")
    with pytest.raises(CodeTaken):
        units.unit_add(by=by, parent_id=unit, code="hq", fields={"name": "甲", "kind": "station"})


def test_a_new_unit_is_in_reach_at_once(cast):
    by = cast["yl.sysadmin"]
    fields = {"name": "新站", "kind": "station"}
    unit = units.unit_add(by=by, parent_id=cast.unit("yunling").pk, code="new", fields=fields)
    units.unit_change(by=by, unit_id=unit.pk, fields={"region": "云岭"})
    assert Unit.objects.get(code="new").region == "云岭"


def test_a_preview_names_who_gains_and_who_loses(cast):
    gains = previews.role_grant(cast["yl.nobody"], cast.unit("yunling").pk, Role.PLANNER)
    assert [change.member.username for change in gains] == ["yl.nobody"]
    found = {one.permission: one.units for one in gains[0].gains}
    assert found["planning.decide"] == ["云岭融媒体中心", "石门坎融媒体站"]
    moved = previews.unit_move(cast.unit("shimenkan").pk, cast.unit("jiangchuan").pk)
    by_name = {change.member.username: change for change in moved}
    assert by_name["jc.chief"].gains
    assert not by_name["jc.chief"].loses
    assert by_name["yl.planner"].loses
    assert "planner" not in by_name, "HQ sees the station either way"
    shared = previews.grant_give(
        cast.unit("yunling").pk, cast.unit("jiangchuan").pk, "stories.view"
    )
    assert {change.member.username for change in shared} >= {"jc.reporter", "jc.chief"}


def test_the_preview_comes_before_the_deed(cast, signed_in):
    client = signed_in("yl.secadmin")
    url = f"/desk/network/members/{cast['yl.nobody'].pk}/roles/add/"
    form = {"role": "planner", "unit_id": str(cast.unit("yunling").pk)}
    page = client.post(url, form)
    assert "保存后的变化" in page.text
    assert not RoleHolding.objects.filter(member=cast["yl.nobody"]).exists()
    assert client.post(url, {**form, "confirm": "1"}).status_code == 302
    assert RoleHolding.objects.filter(member=cast["yl.nobody"], role="planner").exists()


def test_quiet_hours_need_both_ends(cast, signed_in):
    client = signed_in("hq.reporter")
    answer = client.post("/desk/network/settings/", {"name": "总一稿", "quiet_from": "22:00"})
    assert answer.status_code == 422
    client.post(
        "/desk/network/settings/", {"name": "总一稿", "quiet_from": "22:00", "quiet_until": "07:00"}
    )
    assert Member.objects.get(username="hq.reporter").quiet_from == time(22)


def test_a_notice_is_opened_once_by_its_owner_only(cast, signed_in):
    with db.write():
        made = actions.notify(
            [cast["planner"]], kind="x", title="示例通知", url="/desk/network/units/", key="k"
        )
        assert actions.notify([cast["planner"]], kind="x", title="示例通知", url="/", key="k") == []
    url = f"/desk/network/notices/{made[0].pk}/open/"
    assert signed_in("duty").post(url).url == "/desk/network/notices/"
    assert Notice.objects.get().read_at is None
    client = signed_in("planner")
    assert "示例通知" in client.get("/desk/network/notices/bell/").text
    assert client.post(url).url == "/desk/network/units/"
    assert Notice.objects.get().read_at is not None


def test_a_notice_leads_to_no_other_site(cast, signed_in):
    with db.write():
        made = actions.notify(
            [cast["planner"]], kind="x", title="示例", url="https://evil.invalid/"
        )
    answer = signed_in("planner").post(f"/desk/network/notices/{made[0].pk}/open/")
    assert answer.url == "/desk/network/notices/"


def lines(cast, count: int) -> None:
    for number in range(count):
        unit = cast.unit("yunling" if number % 2 else "jiangchuan")
        with db.write():
            audit.record(cast["planner"], "test.did", unit, number=number)


def test_an_auditor_sees_the_own_tree_only(cast):
    lines(cast, 4)
    assert auditing.entries_visible_to(cast["yl.auditor"]).count() == 2
    assert auditing.entries_visible_to(cast["auditor"]).count() == 4
    assert not auditing.entries_visible_to(cast["sysadmin"]).exists()


def test_pages_by_number_go_there_and_back(cast):
    lines(cast, 120)
    rows = auditing.entries_visible_to(cast["auditor"])
    first = auditing.page(rows)
    assert (first.entries[0].seq, first.older, first.newer) == (120, 71, None)
    second = auditing.page(rows, before=first.older)
    assert (second.entries[0].seq, second.older, second.newer) == (70, 21, 70)
    assert auditing.page(rows, before=21).older is None
    assert [e.seq for e in auditing.page(rows, after=second.newer).entries] == [
        e.seq for e in first.entries
    ]


def test_the_log_is_searched_by_everything(cast, signed_in):
    lines(cast, 3)
    client = signed_in("auditor")
    day = timezone.localdate()
    found = client.get(
        "/desk/network/audit/", {"person": "策", "action": "test", "subject": "江川", "since": day}
    )
    assert found.text.count('<tr id="e') == 2
    later = client.get("/desk/network/audit/", {"since": day + timedelta(days=1)})
    assert "没有符合条件的记录" in later.text


def test_a_line_reads_as_a_sentence_with_its_details_folded_away(cast, signed_in):
    with db.write():
        audit.record(
            cast["secadmin"], "role.granted", cast["yl.reporter"], unit_id=cast.unit("hq").pk,
            role="final_reviewer", at="云岭", reason="轮岗",
        )  # fmt: skip
        audit.record(None, "plugin.odd", None, unit_id=cast.unit("hq").pk, colour="red")
    odd, granted = audit_words.tell(auditing.entries_visible_to(cast["auditor"]).order_by("-seq"))
    assert (granted.what, granted.said) == ("授予了角色给", "终审 · 云岭 · 轮岗")
    assert ("角色", "终审") in granted.details
    # What no room has words for is shown as it was written.
    assert (odd.who, odd.what, odd.details) == ("系统", "plugin.odd", [("colour", "red")])
    page = signed_in("auditor").get("/desk/network/audit/", {"action": "授予"})
    assert page.text.count('<tr id="e') == 1
    assert "<code>plugin.odd</code>" not in page.text


def test_verify_names_the_broken_entry(cast, signed_in):
    lines(cast, 3)
    client = signed_in("auditor")
    assert "没有被改动过" in client.post("/desk/network/audit/verify/").text
    from rongmei.kernel.tests.test_audit import _without_triggers

    _without_triggers("UPDATE kernel_auditentry SET actor = '别人' WHERE seq = 2")
    page = client.post("/desk/network/audit/verify/", headers={"hx-request": "true"})
    assert "第 2 条对不上" in page.text
    assert "别人" in page.text


def test_the_export_cannot_run_as_a_formula(cast, signed_in):
    with db.write():
        audit.record(None, "test.did", None, unit_id=cast.unit("hq").pk, x="y")
        entry = audit.record(None, "=HYPERLINK(1)", None, unit_id=cast.unit("hq").pk)
    answer = signed_in("auditor").post("/desk/network/audit/export/")
    text = b"".join(answer.streaming_content).decode()
    assert "'=HYPERLINK(1)" in text
    assert entry.hash in text
    assert AuditEntry.objects.filter(action="audit.exported").exists()


@pytest.mark.parametrize(
    ("username", "path", "most"),
    [
        ("sysadmin", "/desk/network/units/", 16),
        ("sysadmin", "/desk/network/members/", 17),
        ("secadmin", "/desk/network/grants/", 15),
        ("auditor", "/desk/network/audit/", 17),
        ("sysadmin", "/desk/network/routes/", 16),
        ("planner", "/desk/network/notices/", 15),
        ("planner", "/desk/network/matrix/", 14),
    ],
)
def test_lists_ask_few_questions(
    cast, signed_in, django_assert_max_num_queries, username, path, most
):
    lines(cast, 60)
    with db.write():
        for number in range(50):
            actions.notify([cast["planner"]], kind="x", title=f"通知 {number}", url="/desk/")
    client = signed_in(username)
    client.get(path)
    with django_assert_max_num_queries(most):
        assert client.get(path).status_code == 200


def sheet(units_rows=(), people_rows=()) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheets.UNITS
    for row in (sheets.UNIT_COLUMNS, *units_rows):
        page.append(row)
    people = book.create_sheet(sheets.PEOPLE)
    for row in (sheets.PEOPLE_COLUMNS, *people_rows):
        people.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


NEW_UNIT = ("bajiao", "芭蕉融媒体站", "芭蕉", "", "站", "yunling", "云岭")
NEW_PERSON = ("ba.jiao", "芭小记", "", "bajiao", "", "", "记者、初审")


def test_a_sheet_makes_units_and_people_and_asks_for_their_roles(cast):
    report = sheets.run(sheet([NEW_UNIT], [NEW_PERSON]), by=cast["yl.sysadmin"])
    assert [line.outcome for line in report.lines] == ["made", "made"]
    member = Member.objects.get(username="ba.jiao")
    assert member.check_password(report.lines[1].password)
    assert not member.holdings.exists()
    assert "待安全管理员授予" in report.lines[1].note
    assert Notice.objects.filter(member=cast["yl.secadmin"], kind="roles_asked").exists()
    again = sheets.run(sheet([NEW_UNIT], [NEW_PERSON]), by=cast["yl.sysadmin"])
    assert again.lines[0].outcome == "unchanged"


def test_on_the_command_line_the_security_administrator_grants(cast):
    sheets.run(sheet([NEW_UNIT], [NEW_PERSON]), by=cast["yl.sysadmin"], grantor=cast["yl.secadmin"])
    held = RoleHolding.objects.filter(member__username="ba.jiao").values_list("role", flat=True)
    assert set(held) == {"reporter", "first_reviewer"}


def test_one_refused_row_refuses_its_sheet_and_only_its_sheet(cast):
    bad = ("x.y", "某人", "", "no-such-unit", "", "", "")
    report = sheets.run(sheet([NEW_UNIT], [NEW_PERSON, bad]), by=cast["yl.sysadmin"])
    assert report.applied == [sheets.UNITS]
    assert Unit.objects.filter(code="bajiao").exists()
    assert not Member.objects.filter(username="ba.jiao").exists()
    held, refused = report.lines[1:]
    assert (held.outcome, held.password) == ("held", "")
    assert "no-such-unit" in refused.note
    assert refused.row == 3


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("", "某站", "", "", "站", "yunling", ""), "代码"),
        (("x", "某站", "", "", "厅", "yunling", ""), "类别"),
        (("x", "某站", "", "", "站", "", ""), "上级"),
        (("x", "某站", "", "", "站", "jiangchuan", ""), "权限"),
        (("X Y", "某站", "", "", "站", "yunling", ""), ""),
    ],
)
def test_refused_rows_say_why(cast, row, why):
    report = sheets.run(sheet([row]), by=cast["yl.sysadmin"])
    assert report.lines[0].outcome == "refused"
    assert why in report.lines[0].note


def test_a_dry_run_writes_nothing(cast):
    before = (Unit.objects.count(), Member.objects.count(), AuditEntry.objects.count())
    report = sheets.run(sheet([NEW_UNIT], [NEW_PERSON]), by=cast["yl.sysadmin"], dry_run=True)
    assert report.ok
    assert [line.outcome for line in report.lines] == ["made", "made"]
    assert before == (Unit.objects.count(), Member.objects.count(), AuditEntry.objects.count())


def test_the_template_is_a_sheet_whose_samples_are_passed_over(cast):
    buffer = io.BytesIO()
    sheets.write_template(buffer)
    report = sheets.run(buffer.getvalue(), by=cast["sysadmin"])
    assert report.lines == []


@pytest.mark.parametrize("content", [b"", b"not a sheet", b"PK\x03\x04broken"])
def test_what_is_no_sheet_is_refused_with_words(cast, content):
    with pytest.raises(BadSheet):
        sheets.run(content, by=cast["sysadmin"])


def test_import_page_from_upload_to_passwords(cast, signed_in):
    client = signed_in("yl.sysadmin")
    upload = SimpleUploadedFile("a.xlsx", sheet([NEW_UNIT], [NEW_PERSON]))
    page = client.post("/desk/network/import/", {"sheet": upload})
    assert "试运行结果" in page.text
    assert not Member.objects.filter(username="ba.jiao").exists()
    token = page.context["token"]
    stranger = signed_in("sysadmin").post("/desk/network/import/confirm/", {"token": token})
    assert stranger.status_code == 409
    done = client.post("/desk/network/import/confirm/", {"token": token})
    assert "导入结果" in done.text
    assert Member.objects.filter(username="ba.jiao").exists()
    assert client.post("/desk/network/import/confirm/", {"token": token}).status_code == 409
