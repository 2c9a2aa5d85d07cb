"""Documents on their way out: whole, once, within reach, however the worker is interrupted."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from io import StringIO

import jsonschema
import pyarrow.parquet as pq
import pytest
import referencing
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from rongmei.archive import exporting, exports
from rongmei.archive.errors import ExportStopped, QueryError
from rongmei.archive.export_forms import ninjs_of
from rongmei.archive.models import Document, ExportJob
from rongmei.archive.tests.stock import NASTY, keep, keep_nasty
from rongmei.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from rongmei.kernel.models import AuditEntry
from rongmei.network.models import Notice, RoleHolding
from rongmei_wire.tests.ninjs_schema import needed_schema

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "folder", lambda: tmp_path / "exports")


@pytest.fixture
def many(cast, own_index):
    for number in range(7):
        keep(cast, "hq", f"第{number}条台风消息", number=number)
    keep(cast, "jiangchuan", "江川内部台风材料", shared=False)
    own_index()


def ask(cast, form="jsonl", query="台风", who="planner", **more):
    return exports.export_ask(by=cast[who], query=query, form=form, **more)


def work() -> None:
    for _turn in range(50):
        if not ExportJob.objects.filter(state__in=exporting.OPEN).exists():
            return
        exporting.work_due()
    raise AssertionError("the export never ended")


def rows_of(job) -> list[dict]:
    job.refresh_from_db()
    return [json.loads(line) for line in exporting.path_of(job).read_bytes().splitlines()]


def limits(settings, monkeypatch, **changed):
    for name, value in changed.items():
        monkeypatch.setitem(settings.RONGMEI_NODE.__dict__, name, value)


def test_an_export_holds_everything_found_and_says_so_once(cast, many):
    job = ask(cast)
    work()
    rows = rows_of(job)
    assert [row["title"] for row in rows] == [
        *(f"第{n}条台风消息" for n in (6, 5, 4, 3, 2, 1)), "江川内部台风材料", "第0条台风消息",
    ]  # fmt: skip
    assert (job.state, job.done, job.total, job.left_out) == ("done", 8, 8, 0)
    notice = Notice.objects.get(member=cast["planner"], kind="archive.export")
    assert "台风" in notice.title
    exporting.work_due()
    assert Notice.objects.filter(kind="archive.export").count() == 1


def test_only_the_columns_that_were_chosen_are_in_it_in_the_tables_order(cast, many):
    chosen = ["url", "title"]
    jobs = {form: ask(cast, form, columns=chosen) for form in ("csv", "jsonl", "parquet", "ninjs")}
    work()
    assert {tuple(row) for row in rows_of(jobs["jsonl"])} == {("title", "url")}
    table = exporting.path_of(jobs["csv"]).read_bytes().decode("utf-8-sig")
    heads, first, *_rest = csv.reader(io.StringIO(table))
    assert heads == ["标题", "链接"]
    assert first == ["第6条台风消息", "https://news.example/6"]
    assert pq.read_table(exporting.path_of(jobs["parquet"])).column_names == ["title", "url"]
    # A standard item is whole or none.
    assert {"uri", "bodies", "headlines"} <= rows_of(jobs["ninjs"])[0].keys()
    with pytest.raises(BadInput):
        ask(cast, columns=["title", "password"])


def test_a_limit_takes_the_newest_and_lifts_the_refusal_of_too_many(
    cast, many, settings, monkeypatch
):
    limits(settings, monkeypatch, export_rows=5)
    with pytest.raises(ExportStopped):
        ask(cast)
    job = ask(cast, most=3)
    assert job.total == 3
    work()
    assert [row["title"] for row in rows_of(job)] == [f"第{n}条台风消息" for n in (6, 5, 4)]
    with pytest.raises(BadInput):
        ask(cast, most=6)


def test_the_page_of_an_export_says_how_many_and_keeps_the_search(cast, many, signed_in):
    client = signed_in("planner")
    page = client.get(
        "/desk/archive/export/", {"q": "台风", "source": "云岭日报(示例)"}
    ).content.decode()
    assert "现在有 8 篇" in page
    assert "source:&quot;云岭日报(示例)&quot;" in page
    asked = {"q": "台风", "format": "csv", "columns": ["title", "url"], "most": "2"}
    assert client.post("/desk/archive/export/", asked)["Location"] == "/desk/archive/exports/"
    job = ExportJob.objects.get()
    assert (job.columns, job.most, job.total) == (["title", "url"], 2, 2)
    assert "2 列" in client.get("/desk/archive/exports/").content.decode()
    nothing = client.get("/desk/archive/export/", {"q": "台风 -台风"}).content.decode()
    assert "没有可导出的" in nothing
    assert client.get("/desk/archive/export/", {"q": "(台风"}).status_code == 302


def test_what_others_keep_to_themselves_is_not_in_it(cast, many):
    RoleHolding.objects.create(member=cast["yl.nobody"], unit=cast.unit("yunling"), role="analyst")
    job = ask(cast, who="yl.nobody")
    work()
    assert len(rows_of(job)) == 7


def test_a_document_made_private_or_gone_meanwhile_is_left_out_and_counted(cast, many, monkeypatch):
    monkeypatch.setattr(exporting, "STEP", 2)
    monkeypatch.setattr(exporting, "SLICE_SECONDS", -1)
    RoleHolding.objects.create(member=cast["yl.nobody"], unit=cast.unit("yunling"), role="analyst")
    job = ask(cast, who="yl.nobody")
    exporting.work_due()
    Document.objects.filter(title="第0条台风消息").update(shared=False)
    Document.objects.filter(title="第1条台风消息").delete()
    work()
    assert len(rows_of(job)) == 5
    assert job.left_out == 2


def test_a_killed_worker_goes_on_where_it_was(cast, many, monkeypatch):
    monkeypatch.setattr(exporting, "STEP", 2)
    monkeypatch.setattr(exporting, "SLICE_SECONDS", -1)
    job = ask(cast)
    exporting.work_due()
    # Written, but killed before it was written down.
    with exporting._part(job).open("ab") as torn:
        torn.write(b'{"id": "half a li')
    keep(cast, "hq", "后来的台风消息", number=99)
    work()
    rows = rows_of(job)
    assert len(rows) == len({row["id"] for row in rows}) == 8
    assert "后来的台风消息" not in {row["title"] for row in rows}


def test_files_lost_under_way_begin_anew(cast, many, monkeypatch):
    monkeypatch.setattr(exporting, "STEP", 2)
    monkeypatch.setattr(exporting, "SLICE_SECONDS", -1)
    job = ask(cast)
    exporting.work_due()
    for path in exporting.folder().iterdir():
        path.unlink()
    work()
    assert len(rows_of(job)) == 8


def test_a_worker_that_dies_each_time_is_not_tried_for_ever(cast, many, monkeypatch):
    job = ask(cast)
    monkeypatch.setattr(exporting, "_advance", lambda _job: (_ for _ in ()).throw(MemoryError))
    for _turn in range(exporting.MOST_TRIES):
        with pytest.raises(MemoryError):
            exporting.work_due()
    exporting.work_due()
    job.refresh_from_db()
    assert job.state == "failed"
    assert "停止" in job.error


def test_exports_go_on_side_by_side(cast, many, monkeypatch):
    monkeypatch.setattr(exporting, "STEP", 2)
    monkeypatch.setattr(exporting, "SLICE_SECONDS", -1)
    first, second = ask(cast), ask(cast, query="台风 消息")
    exporting.work_due()
    exporting.work_due()
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.done == second.done == 2


def test_more_than_one_file_may_hold_is_refused_with_the_number(cast, many, settings, monkeypatch):
    limits(settings, monkeypatch, export_rows=5)
    with pytest.raises(ExportStopped, match=r"8 条，超过一次导出 5 条"):
        ask(cast)
    assert not ExportJob.objects.exists()


def test_a_file_that_grows_too_large_is_stopped_and_removed(cast, many, settings, monkeypatch):
    limits(settings, monkeypatch, export_mb=0)
    job = ask(cast)
    work()
    job.refresh_from_db()
    assert job.state == "failed"
    assert "上限" in job.error
    assert list(exporting.folder().iterdir()) == []
    assert Notice.objects.get(kind="archive.export").body == job.error


def test_a_full_disk_is_said_and_nothing_is_left(cast, many, monkeypatch):
    job = ask(cast)
    monkeypatch.setattr(
        exporting.os, "fsync", lambda _held: (_ for _ in ()).throw(OSError(28, "full"))
    )
    work()
    job.refresh_from_db()
    assert job.state == "failed"
    assert "磁盘" in job.error
    assert list(exporting.folder().iterdir()) == []


def test_taking_it_back_stops_it_and_removes_what_was_written(cast, many, monkeypatch):
    monkeypatch.setattr(exporting, "STEP", 2)
    monkeypatch.setattr(exporting, "SLICE_SECONDS", -1)
    job = ask(cast)
    exporting.work_due()
    assert exports.export_cancel(by=cast["planner"], export_id=job.pk).state == "cancelled"
    assert list(exporting.folder().iterdir()) == []
    work()
    assert not Notice.objects.filter(kind="archive.export").exists()


def test_taking_it_back_between_two_steps_of_the_worker_wins(cast, many, monkeypatch):
    job = ask(cast)
    inner = exporting._ids

    def cancelled_meanwhile(working):
        found = inner(working)
        exports.export_cancel(by=cast["planner"], export_id=job.pk)
        return found

    monkeypatch.setattr(exporting, "_ids", cancelled_meanwhile)
    work()
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert list(exporting.folder().iterdir()) == []


def test_a_right_taken_away_stops_the_export(cast, many):
    job = ask(cast)
    RoleHolding.objects.filter(member=cast["planner"]).delete()
    work()
    job.refresh_from_db()
    assert job.state == "failed"


def test_only_who_asked_may_take_the_file_and_each_time_leaves_a_line(cast, many):
    job = ask(cast)
    with pytest.raises(Conflict):
        exports.export_file(by=cast["planner"], export_id=job.pk)
    work()
    with pytest.raises(NotFound):
        exports.export_file(by=cast["analyst"], export_id=job.pk)
    with pytest.raises(NotAllowed):
        ask(cast, who="yl.reporter")
    exports.export_file(by=cast["planner"], export_id=job.pk)
    assert AuditEntry.objects.filter(action="archive.export_taken").count() == 1
    line = AuditEntry.objects.get(action="archive.exported")
    assert line.detail == {"query": "台风", "format": "jsonl", "total": 8}


def test_files_go_when_their_time_is_over(cast, many):
    job = ask(cast)
    work()
    ExportJob.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    exporting.work_due()
    job.refresh_from_db()
    assert job.state == "expired"
    assert list(exporting.folder().iterdir()) == []


def test_strays_are_swept_and_files_in_use_are_not(cast, many):
    job = ask(cast)
    work()
    stray = exporting.folder() / "01900000-0000-7000-8000-000000000000.part"
    stray.write_bytes(b"x")
    assert exporting.prune_strays() == 1
    assert exporting.path_of(job).exists()
    assert not stray.exists()


def test_five_at_a_time(cast, many):
    for _one in range(exports.MOST_OPEN):
        ask(cast)
    with pytest.raises(Conflict):
        ask(cast)


def test_a_wrong_query_is_pointed_at_before_anything_begins(cast, many):
    with pytest.raises(QueryError):
        ask(cast, query="(台风")
    assert not ExportJob.objects.exists()


def test_a_table_opens_in_a_spreadsheet_and_runs_nothing(cast, own_index):
    keep_nasty(cast)
    own_index()
    job = ask(cast, "csv", query="")
    work()
    job.refresh_from_db()
    text = exporting.path_of(job).read_bytes().decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(text)))
    assert table[0][:3] == ["编号", "标题", "来源"]
    assert len(table) == len(NASTY) + 1
    for cells in table[1:]:
        assert not [
            cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        ]


def test_parquet_has_typed_columns(cast, own_index):
    keep_nasty(cast)
    own_index()
    job = ask(cast, "parquet", query="")
    work()
    job.refresh_from_db()
    assert job.state == "done", job.error
    table = pq.read_table(exporting.path_of(job))
    assert table.num_rows == len(NASTY)
    assert str(table.schema.field("published_at").type) == "timestamp[us, tz=UTC]"
    assert str(table.schema.field("tags").type).startswith("list<")
    held = {str(one.pk): one for one in Document.objects.all()}
    for row in table.to_pylist():
        assert row["body"] == held[row["id"]].body
        assert row["published_at"] == held[row["id"]].published_at
        assert row["tags"] == held[row["id"]].tags


def test_ninjs_items_hold_to_the_schema(cast, own_index):
    keep_nasty(cast)
    schema = needed_schema()
    store = {"https://geojson.org/schema/Geometry.json": {}}
    validator = jsonschema.Draft202012Validator(
        schema, registry=registry(store), format_checker=jsonschema.FormatChecker()
    )
    for one in Document.objects.all():
        assert not [str(error) for error in validator.iter_errors(ninjs_of(one))]
    assert list(validator.iter_errors({"uri": "urn:x", "unknown": 1}))


def registry(store):
    return referencing.Registry(
        retrieve=lambda uri: referencing.Resource.opaque(store.get(uri, {}))
    )


def test_the_page_follows_an_export_to_its_file(cast, signed_in, many):
    client = signed_in("planner")
    answer = client.post("/desk/archive/export/", {"q": "台风", "format": "jsonl"}, follow=True)
    html = answer.content.decode()
    assert 'hx-trigger="every 2s"' in html
    work()
    part = client.get("/desk/archive/exports/", headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in part
    assert "<html" not in part
    job = ExportJob.objects.get()
    file = client.get(f"/desk/archive/exports/{job.pk}/file/")
    assert len(b"".join(file.streaming_content).splitlines()) == 8
    assert "attachment" in file["Content-Disposition"]
    assert client.post(f"/desk/archive/exports/{job.pk}/cancel/").status_code == 302
    assert client.get(f"/desk/archive/exports/{job.pk}/file/").status_code == 409


def test_the_operator_exports_the_whole_archive(many, tmp_path):
    out = StringIO()
    call_command(
        "export", "--query", "台风", "--format", "csv", "--out", str(tmp_path / "a.csv"), "--json",
        stdout=out,
    )  # fmt: skip
    facts = json.loads(out.getvalue())
    assert (facts["found"], facts["written"]) == (8, 8)
    with pytest.raises(CommandError, match=r"\^"):
        call_command("export", "--query", "(", "--out", str(tmp_path / "b.csv"))
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["a.csv"]
    with pytest.raises(CommandError):
        call_command("export", "--out", str(tmp_path / "nowhere" / "c.csv"), stdout=StringIO())
