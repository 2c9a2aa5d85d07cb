"""The fake door keeps the promises of the real one."""

from __future__ import annotations

import pytest

from rongmei.kernel import http
from rongmei.kernel.http_fake import FakeDoor, NotRecorded

URL = "https://news.example/feed.xml"


def test_blocking_fetch_uses_the_fake_and_gives_304_to_a_known_etag() -> None:
    with http.use_door(FakeDoor().answer(URL, "<rss/>", headers={"ETag": '"1"'})) as door:
        first = http.fetch(URL)
        second = http.fetch(URL, etag=first.etag)
    assert first.body == b"<rss/>"
    assert second.not_modified
    assert [asked.url for asked in door.asked] == [URL, URL]


def test_answers_in_turn_then_the_last_for_ever() -> None:
    door = (
        FakeDoor().answer(URL, "a").fail(URL, http.Timeout(url=URL, seconds="1")).answer(URL, "b")
    )
    with http.use_door(door):
        assert http.fetch(URL).body == b"a"
        with pytest.raises(http.Timeout):
            http.fetch(URL)
        assert [http.fetch(URL).body for _ in range(2)] == [b"b", b"b"]


def test_bad_status_limits_and_unrecorded_addresses() -> None:
    door = FakeDoor().answer(URL, "busy", status=503, headers={"Retry-After": "7"})
    with http.use_door(door):
        with pytest.raises(http.BadStatus) as caught:
            http.fetch(URL)
        assert caught.value.retry_after == 7.0
        assert http.fetch(URL, expect={503}).status == 503
        with pytest.raises(http.TooLarge):
            http.fetch(URL, expect={503}, limits=http.Limits(max_bytes=1))
        with pytest.raises(NotRecorded):
            http.post("https://other.example/", content=b"")
