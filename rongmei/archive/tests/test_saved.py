"""Saved searches: who sees them, what their feeds show, and telling of new documents once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongmei.archive import saved
from rongmei.archive.errors import QueryError
from rongmei.archive.models import SavedSearch
from rongmei.archive.tests.stock import keep
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network.models import Notice

pytestmark = pytest.mark.django_db


def save(cast, who="yl.chief", **more):
    fields = {"name": "台风", "query": "台风", **more}
    return saved.search_save(by=cast[who], **fields)


@pytest.mark.parametrize(
    ("reach", "sees"),
    [("own", {"yl.chief"}), ("unit", {"yl.chief", "yl.reporter"}), ("tree", {"yl.chief", "yl.reporter", "smk.reporter"})],
)  # fmt: skip
def test_a_search_is_ones_own_the_units_or_also_of_the_units_below(cast, reach, sees):
    held = save(cast, reach=reach)
    people = ("yl.chief", "yl.reporter", "smk.reporter", "jc.reporter", "planner", "sysadmin")
    assert {one for one in people if held in saved.searches_visible_to(cast[one])} == sees


def test_only_the_owner_changes_moves_and_forgets(cast):
    held = save(cast, reach="unit")
    for verb in (
        lambda by: saved.search_change(by=by, search_id=held.pk, name="别的"),
        lambda by: saved.search_move(by=by, search_id=held.pk, up=True),
        lambda by: saved.search_forget(by=by, search_id=held.pk),
        lambda by: saved.feed_key_make(by=by, search_id=held.pk),
        lambda by: saved.feed_stop(by=by, search_id=held.pk),
    ):
        with pytest.raises(NotFound):
            verb(cast["yl.reporter"])


def test_what_cannot_be_run_is_not_saved(cast):
    with pytest.raises(QueryError):
        save(cast, query="(台风")
    with pytest.raises(BadInput):
        save(cast, name="  ")
    with pytest.raises(BadInput):
        save(cast, query="台" * 501)
    with pytest.raises(BadInput):
        save(cast, reach="all")
    assert not SavedSearch.objects.exists()


def test_searches_are_put_in_order(cast):
    first, second, third = (save(cast, name=name) for name in ("甲", "乙", "丙"))
    saved.search_move(by=cast["yl.chief"], search_id=third.pk, up=True)
    saved.search_move(by=cast["yl.chief"], search_id=first.pk, up=False)
    saved.search_move(by=cast["yl.chief"], search_id=third.pk, up=True)
    assert list(saved.searches_visible_to(cast["yl.chief"])) == [third, first, second]


def test_the_address_of_a_search_follows_its_query(cast, signed_in):
    held = save(cast)
    saved.search_change(by=cast["yl.chief"], search_id=held.pk, query="暴雨")
    answer = signed_in("yl.chief").get(f"/desk/archive/saved/{held.pk}/")
    assert "q=%E6%9A%B4%E9%9B%A8" in answer["Location"]


def test_a_feed_opens_with_its_key_alone_and_within_its_owners_reach(cast, client, own_index):
    keep(cast, "yunling", "云岭内部台风 <材料>", shared=False, number=1)
    keep(cast, "jiangchuan", "江川内部台风材料", shared=False, number=2)
    own_index()
    held = save(cast)
    key = saved.feed_key_make(by=cast["yl.chief"], search_id=held.pk)
    rss = client.get(f"/feeds/search/{held.pk}/{key}.rss")
    assert "云岭内部台风 &lt;材料&gt;" in rss.content.decode()
    assert "江川" not in rss.content.decode()
    items = client.get(f"/feeds/search/{held.pk}/{key}.json").json()["items"]
    assert [one["title"] for one in items] == ["云岭内部台风 <材料>"]
    same = client.get(f"/feeds/search/{held.pk}/{key}.rss", headers={"If-None-Match": rss["ETag"]})
    assert same.status_code == 304
    other = saved.feed_key_make(by=cast["yl.chief"], search_id=held.pk)
    for path in (f"{key}.rss", "wrong.rss", f"{other}.exe"):
        assert client.get(f"/feeds/search/{held.pk}/{path}").status_code == 404
    saved.feed_stop(by=cast["yl.chief"], search_id=held.pk)
    assert client.get(f"/feeds/search/{held.pk}/{other}.rss").status_code == 404
    assert client.get(f"/feeds/search/{held.pk}/.rss").status_code == 404


def told(cast) -> list[str]:
    return [
        one.body for one in Notice.objects.filter(member=cast["yl.chief"], kind="archive.search")
    ]


def test_new_finds_are_told_at_once_and_once(cast):
    keep(cast, "hq", "从前的台风", number=1)
    save(cast, notify="once")
    keep(cast, "hq", "新的台风", number=2)
    keep(cast, "hq", "新的暴雨", body="没有别的。", number=3)
    keep(cast, "jiangchuan", "江川内部台风", shared=False, number=4)
    saved.look_due()
    assert told(cast) == ["新的台风"]
    # Changed, or noted again for the index: no news.
    keep(cast, "hq", "新的台风", body="台风过后又添了一段。", number=2)
    keep(cast, "hq", "从前的台风", number=1)
    saved.look_due()
    assert told(cast) == ["新的台风"]


def test_many_at_once_are_one_notice(cast):
    save(cast, notify="once")
    for number in range(9):
        keep(cast, "hq", f"第{number}条台风", number=number)
    saved.look_due()
    notice = Notice.objects.get(kind="archive.search")
    assert "9 条" in notice.title
    assert len(notice.body.splitlines()) == 5


def test_daily_notices_wait_for_the_morning(cast, monkeypatch):
    held = save(cast, notify="daily")
    evening = timezone.localtime().replace(hour=20, minute=0)
    SavedSearch.objects.filter(pk=held.pk).update(told_at=evening)
    monkeypatch.setattr(saved.timezone, "now", lambda: evening + timedelta(minutes=1))
    keep(cast, "hq", "夜里的台风", number=2)
    saved.look_due()
    assert told(cast) == []
    monkeypatch.setattr(saved.timezone, "now", lambda: evening + timedelta(hours=12, minutes=1))
    saved.look_due()
    saved.look_due()
    assert told(cast) == ["夜里的台风"]


def test_a_backlog_is_worked_off_in_one_turn(cast, monkeypatch):
    monkeypatch.setattr(saved, "LOOKED_AT", 3)
    save(cast, notify="once")
    for number in range(8):
        keep(cast, "hq", f"第{number}条台风", number=number)
    assert saved.look_due() == 8
