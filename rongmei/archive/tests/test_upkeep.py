"""Verifying and making the index anew: what differs is named, and searching goes on meanwhile."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from rongmei.archive import actions, indexing, selectors, snapshots, upkeep, verifying
from rongmei.archive.models import Document, Snapshot, Term, Upkeep
from rongmei.archive.snapshots import Held
from rongmei.archive.vault import Vault
from rongmei.archive.warc import Answer
from rongmei.kernel import db
from rongmei.kernel.errors import NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def own_vault(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "folder_path", lambda: tmp_path / "snapshots")
    snapshots.folder.cache_clear()
    yield Vault(tmp_path / "snapshots")
    snapshots.folder.cache_clear()


def keep(cast, word: str) -> Document:
    with db.write():
        return actions.document_keep(
            kind="article", identity=word, unit_id=cast.unit("hq").pk, title=f"示例{word}",
            body=f"{word}示例正文", source_name="示例", published_at=timezone.now(),
        )  # fmt: skip


def with_snapshot(vault: Vault, document: Document) -> Snapshot:
    answer = Answer("http://a.example/1", datetime.now(UTC), 200, {}, b"body" * 200)
    [span] = vault.append([(answer, None)])
    held = Held(answer, span)
    with db.write():
        snapshots.note({"x": [held]}, [("x", document.pk, 1)])
    return Snapshot.objects.get(pk=held.id)


def found(cast, word: str) -> list[str]:
    page = selectors.find(cast["planner"], word, facets=False, highlight=False)
    return [one.document.title for one in page.hits]


def test_what_agrees_is_said_to_agree(cast, own_index, own_vault):
    with_snapshot(own_vault, keep(cast, "甲"))
    own_index()
    verdict = verifying.verify(full=True)
    assert verdict.ok
    assert (verdict.documents, verdict.indexed, verdict.snapshots) == (1, 1, 1)
    assert (verdict.checked_documents, verdict.checked_snapshots) == (1, 1)


def test_a_document_that_is_not_indexed_yet_is_no_difference(cast, own_index, own_vault):
    keep(cast, "甲")
    own_index()
    keep(cast, "乙")
    verdict = verifying.verify(full=True)
    assert verdict.ok
    assert verdict.behind == 1


def test_each_side_that_has_more_is_named(cast, own_index, own_vault):
    kept, lost = keep(cast, "甲"), keep(cast, "乙")
    own_index()
    with indexing.search_index().writer() as writer:
        writer.delete([str(kept.pk)])
        writer.commit(writer.committed_seq())
    gone = lost.pk
    Document.objects.filter(pk=gone).delete()
    verdict = verifying.verify(full=True)
    assert not verdict.ok
    assert verdict.missing == (str(kept.pk),)
    assert verdict.surplus == (str(gone),)


def test_a_changed_byte_a_short_segment_and_a_lost_one_are_found(cast, own_index, own_vault):
    one = with_snapshot(own_vault, keep(cast, "甲"))
    own_vault.close()
    own_index()
    path = own_vault.path_of(one.segment)
    raw = path.read_bytes()
    path.write_bytes(raw[: one.offset + 40] + b"\0\0" + raw[one.offset + 42 :])
    assert str(one.pk) in verifying.verify(full=True).broken[0]
    path.write_bytes(raw[:-5])
    assert verifying.verify().broken[-1].startswith(one.segment)
    path.unlink()
    assert not verifying.verify().ok
    with pytest.raises(CommandError, match="data/snapshots") as refused:
        call_command("archive", "verify", "--json", stdout=(out := io.StringIO()))
    assert refused.value.returncode == 2
    assert json.loads(out.getvalue())["broken_count"] >= 1


def test_searching_goes_on_while_the_index_is_made_anew(cast, own_index, own_vault):
    keep(cast, "甲")
    own_index()
    keep(cast, "乙")
    asked = []

    def between(done: int) -> None:
        if not asked:
            keep(cast, "丙")
        asked.append((done, found(cast, "甲"), found(cast, "丙")))

    indexing.rebuild(between)
    assert len(asked) == 2
    assert [old for _done, old, _new in asked] == [["示例甲"]] * len(asked)
    assert all(new == [] for _done, _old, new in asked)
    assert found(cast, "丙") == ["示例丙"]
    assert verifying.verify(full=True).ok


def test_a_rebuild_that_breaks_leaves_the_old_index(cast, own_index, own_vault):
    keep(cast, "甲")
    own_index()

    def crash(_done: int) -> None:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        indexing.rebuild(crash)
    assert found(cast, "甲") == ["示例甲"]
    assert verifying.verify(full=True).ok


def test_what_was_asked_for_is_done_once_and_its_result_kept(cast, own_index, own_vault):
    keep(cast, "甲")
    own_index()
    first = actions.upkeep_ask(by=cast["sysadmin"], kind="verify_all")
    assert actions.upkeep_ask(by=cast["sysadmin"], kind="verify_all").pk == first.pk
    assert upkeep.run_next()
    assert not upkeep.run_next()
    first.refresh_from_db()
    assert (first.state, first.result["ok"], first.result["documents"]) == ("done", True, 1)
    actions.upkeep_ask(by=cast["sysadmin"], kind="rebuild")
    assert upkeep.run_next()
    assert Upkeep.objects.get(kind="rebuild").result == {"rebuilt": 1}


def test_a_job_whose_process_was_killed_is_begun_again(cast, own_index, own_vault):
    own_index()
    job = actions.upkeep_ask(by=cast["sysadmin"], kind="verify")
    now = timezone.now()
    Upkeep.objects.update(state="running", seen_at=now)
    assert not upkeep.run_next()
    Upkeep.objects.update(seen_at=now - upkeep.LOST_AFTER - timedelta(seconds=1))
    assert upkeep.run_next()
    job.refresh_from_db()
    assert job.state == "done"


def test_a_job_that_breaks_says_so(cast, own_index, own_vault, monkeypatch):
    def breaks(**_given):
        raise ZeroDivisionError

    monkeypatch.setattr(verifying, "verify", breaks)
    job = actions.upkeep_ask(by=cast["sysadmin"], kind="verify")
    assert upkeep.run_next()
    job.refresh_from_db()
    assert job.state == "failed"
    assert "ZeroDivisionError" in job.result["error"]


def test_only_who_runs_the_node_may_ask(cast):
    for name in ("planner", "analyst", "secadmin", "yl.reporter"):
        with pytest.raises(NotAllowed):
            actions.upkeep_ask(by=cast[name], kind="verify")


def test_the_page_shows_what_was_found(cast, client, own_index, own_vault):
    keep(cast, "甲")
    own_index()
    client.force_login(cast["sysadmin"])
    answer = client.post("/desk/archive/state/run/", {"kind": "verify"}, follow=True)
    assert "等待中" in answer.content.decode()
    upkeep.run_next()
    assert "一致：核对了 1 篇文献、0 份快照" in client.get("/desk/archive/state/").content.decode()


@pytest.fixture
def named(cast, own_index):
    """An index without the node's terms, and a look at them that has rested."""
    keep(cast, "云帆平台")
    keep(cast, "白云帆船")
    own_index()
    actions.term_add(by=cast["planner"], kind="term", name="云帆")
    return upkeep.Terms()


def test_terms_that_have_rested_have_the_index_made_anew(cast, named):
    assert len(found(cast, "云帆")) == 2
    assert not named.look(0.0)
    assert not named.look(upkeep.TERMS_REST - 1)
    assert named.look(upkeep.TERMS_REST + upkeep.LOOK_AT_TERMS)
    job = Upkeep.objects.get()
    assert (job.kind, job.by_name) == ("rebuild", "词表有变")
    # Until it is done, nobody asks again.
    assert not named.look(3 * upkeep.TERMS_REST)
    assert upkeep.run_next()
    assert found(cast, "云帆") == ["示例云帆平台"]
    assert not named.look(5 * upkeep.TERMS_REST)


def test_the_page_of_terms_says_from_when_they_count(cast, named, signed_in):
    page = signed_in("planner").get("/desk/archive/terms/").content.decode()
    assert "检索暂按原来的词断词" in page
    indexing.rebuild()
    page = signed_in("planner").get("/desk/archive/terms/").content.decode()
    assert "检索时当作一个整词" in page


def test_terms_that_are_still_being_changed_are_waited_for(cast, named):
    assert not named.look(0.0)
    actions.term_add(by=cast["planner"], kind="term", name="光储")
    assert not named.look(upkeep.TERMS_REST)
    assert not named.look(upkeep.TERMS_REST + upkeep.LOOK_AT_TERMS)
    assert named.look(2 * upkeep.TERMS_REST)


def test_a_term_taken_back_meanwhile_costs_nothing(cast, named):
    assert not named.look(0.0)
    Term.objects.all().delete()
    assert not named.look(upkeep.TERMS_REST)
    assert not named.look(3 * upkeep.TERMS_REST)
    assert not Upkeep.objects.exists()


def test_names_that_are_no_terms_leave_the_index_alone(cast, own_index):
    keep(cast, "甲")
    own_index()
    actions.term_add(by=cast["planner"], kind="person", name="云帆")
    assert indexing.own_terms() == frozenset()
    assert not indexing.search_index().reader().info().other_terms


def test_rebuilding_for_terms_takes_a_fiftieth_of_the_time_at_most(cast, named):
    job = Upkeep.objects.create(kind="rebuild", state="done")
    hour = timedelta(hours=1)
    for ago, asked in ((49 * hour, False), (51 * hour, True)):
        ended = timezone.now() - ago
        Upkeep.objects.filter(pk=job.pk).update(created_at=ended - hour, ended_at=ended)
        terms = upkeep.Terms()
        assert not terms.look(0.0)
        assert terms.look(upkeep.TERMS_REST) is asked
