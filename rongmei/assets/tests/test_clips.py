"""Videos and recordings: known by their bytes, cleaned of places, kept once, served in parts."""

from __future__ import annotations

import io
import os
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from rongmei.assets import actions, clips, selectors
from rongmei.assets.errors import ClipBroken, ClipForged, ClipTooLarge, NotAClip
from rongmei.assets.models import Clip
from rongmei.assets.tests.clips import box, mp4, wav
from rongmei.kernel.errors import NotAllowed
from rongmei.network.models import Node

PLACE = b"+30.2741+120.1551+012.3/"


def add(cast, data, username="yl.reporter", **fields):
    by = cast[username]
    return actions.clip_add(
        by=by, unit_id=by.unit_id, file=io.BytesIO(data), **{"title": "示例现场", **fields}
    )


@pytest.mark.parametrize(
    ("head", "mime"),
    [(mp4()[:64], "video/mp4"), (mp4(brand=b"qt  ")[:64], "video/quicktime"), (mp4(brand=b"M4A ")[:64], "audio/mp4"),
     (wav()[:64], "audio/wav"), (b"OggS" + b"\0" * 60, "audio/ogg"), (b"ID3\x04" + b"\0" * 60, "audio/mpeg"),
     (b"\xff\xfb\x90\x64" + b"\0" * 60, "audio/mpeg"), (b"\x1a\x45\xdf\xa3....B\x82\x84webm", "video/webm")],
)  # fmt: skip
def test_a_file_is_what_its_first_bytes_say(head, mime):
    found = clips.sniff(head)
    assert found is not None and found.mime == mime


@pytest.mark.parametrize(
    "data",
    [b"", b"<html><script>", b"MZ" + b"\0" * 62, b"RIFF\0\0\0\0AVI ", b"\x1a\x45\xdf\xa3....matroska",
     b"\xff\xff\xff\xff", b"\xff\xd8\xff\xe0 jpeg"],
)  # fmt: skip
def test_what_browsers_do_not_play_is_refused(cast, data):
    with pytest.raises(NotAClip):
        add(cast, data)
    assert not Clip.objects.exists()


@pytest.mark.parametrize(
    "data",
    [mp4()[:-10], mp4()[:40], box(b"ftyp", b"isom\0\0\0\0") + box(b"mdat", b"\0" * 9), wav()[:-100],
     mp4() + b"\0\0\0", box(b"ftyp", b"isom\0\0\0\0") + b"\0\0\0\x02moov"],
)  # fmt: skip
def test_a_file_that_ends_too_early_is_refused(cast, data):
    with pytest.raises(ClipBroken):
        add(cast, data)
    assert not Clip.objects.exists()


def test_length_and_size_are_read_and_the_file_is_kept_as_it_is(cast):
    clip = add(cast, mp4(65))
    assert (clip.kind, clip.seconds, clip.length, clip.size) == ("video", 65, "1:05", len(mp4(65)))
    assert clip.file.read() == mp4(65) and clip.file.name.endswith(".mp4")
    assert add(cast, wav(2)).seconds == 2
    long = Clip(seconds=3725)
    assert long.length == "1:02:05"


def test_the_place_of_a_recording_is_blotted_out(cast):
    clip = add(cast, mp4(place=PLACE))
    kept = clip.file.read()
    assert PLACE not in kept and kept == mp4(place=b" " * len(PLACE))


def test_ffprobe_tells_the_length_where_it_is_installed(cast, monkeypatch, tmp_path):
    program = tmp_path / "ffprobe"
    program.write_text("#!/bin/sh\necho 12.4\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert add(cast, b"OggS" + b"\0" * 60).seconds == 12
    program.write_text("#!/bin/sh\necho N/A\n")
    assert add(cast, b"OggS" + b"\1" * 60).seconds is None


def test_one_file_is_kept_once_a_unit(cast):
    one, two = add(cast, mp4()), add(cast, mp4(), title="别的名字")
    assert one.pk == two.pk and add(cast, mp4(), "jc.reporter").pk != one.pk


def test_a_file_over_the_limit_is_refused_while_it_comes(cast, settings):
    settings.RONGMEI_CLIP_MB = 1
    with pytest.raises(ClipTooLarge, match="1 MB"):
        add(cast, mp4(sound=b"\0" * 1024 * 1024))
    assert not Clip.objects.exists()


def test_only_for_a_unit_one_uploads_for(cast):
    with pytest.raises(NotAllowed):
        add(cast, mp4(), "planner")
    by = cast["yl.reporter"]
    with pytest.raises(NotAllowed):
        actions.clip_add(
            by=by, unit_id=cast.unit("jiangchuan").pk, file=io.BytesIO(mp4()), title="示例"
        )


def test_other_unit_does_not_see_a_clip(cast, signed_in):
    clip = add(cast, mp4())
    where = reverse("assets:clip", args=[clip.pk])
    assert signed_in("yl.first").get(where).status_code == 200
    assert signed_in("jc.reporter").get(where).status_code == 404
    assert (
        str(clip.pk) not in signed_in("jc.reporter").get(reverse("assets:clips")).content.decode()
    )
    assert selectors.may_use_clips(cast["yl.first"], [str(clip.pk)])
    assert not selectors.may_use_clips(cast["jc.reporter"], [str(clip.pk)])


def test_the_list_costs_the_same_however_long(cast, signed_in, django_assert_max_num_queries):
    for n in range(4):
        add(cast, mp4(n + 1))
    client = signed_in("yl.reporter")
    client.get(reverse("assets:clips"))
    with django_assert_max_num_queries(15):
        assert client.get(reverse("assets:clips") + "?kind=video&q=示例").status_code == 200


def test_one_form_takes_pictures_and_clips_each_as_what_it_is(cast, signed_in):
    client, unit = signed_in("yl.reporter"), str(cast.unit("yunling").pk)
    file = SimpleUploadedFile("看起来是图片.jpg", mp4(), "image/jpeg")
    answer = client.post(reverse("assets:upload"), {"file": file, "unit": unit, "title": "示例"})
    clip = Clip.objects.get()
    assert answer["Location"] == reverse("assets:clip", args=[clip.pk]) and clip.title == "示例"
    bad = SimpleUploadedFile("a.mp4", mp4()[:-9], "video/mp4")
    refused = client.post(reverse("assets:upload"), {"file": bad, "unit": unit})
    assert refused.status_code == 422 and "不完整" in refused.content.decode()


def test_another_nodes_clip_comes_with_its_file_or_plays_at_its_home(cast):
    node = Node.objects.create(slug="other", name="示例节点", url="http://other.example")
    body = actions.clip_export(add(cast, mp4())) | {"url": "http://other.example/media/clips/1.mp4"}
    Clip.objects.all().delete()
    cast.unit("yunling").__class__.objects.filter(code="yunling").update(node=node)
    large = actions.clip_import({**body, "data": ""}, home=node.pk)
    assert large.is_replica and selectors.clip_address(large) == body["url"]
    small = actions.clip_import(body, home=node.pk)
    assert small.pk == large.pk and small.file.read() == mp4()
    for wrong in (
        {"digest": "0" * 64}, {"data": "%%"}, {"size": 1}, {"kind": "audio"}, {"unit": "x"},
        {"url": "http://evil.example/1.mp4"}, {"url": "javascript:alert(1)"}, {"mime": "text/html"},
    ):  # fmt: skip
        with pytest.raises(ClipForged):
            actions.clip_import({**body, **wrong}, home=node.pk)
    with pytest.raises(ClipForged):
        actions.clip_import(body, home=uuid.uuid4())


def test_players_get_the_part_they_ask_for(cast, client):
    clip = add(cast, mp4(sound=bytes(range(256)) * 8))
    whole, url = clip.file.read(), clip.file.url

    def get(**headers):
        answer = client.get(url, headers=headers)
        return answer, b"".join(answer.streaming_content) if answer.streaming else answer.content

    answer, data = get()
    assert (answer.status_code, answer["Accept-Ranges"], answer["Content-Type"]) == (
        200,
        "bytes",
        "video/mp4",
    )
    assert data == whole and answer["X-Content-Type-Options"] == "nosniff"
    for asked, expected in (("bytes=0-9", whole[:10]), ("bytes=100-", whole[100:]), ("bytes=-5", whole[-5:]),
                            (f"bytes=10-{len(whole) * 2}", whole[10:])):  # fmt: skip
        answer, data = get(range=asked)
        assert answer.status_code == 206 and data == expected, asked
        assert int(answer["Content-Length"]) == len(expected)
    assert answer["Content-Range"] == f"bytes 10-{len(whole) - 1}/{len(whole)}"
    for odd in ("bytes=9-1", "bytes=0-1,4-5", "lines=1-2", "bytes=-"):
        assert get(range=odd)[0].status_code == 200, odd
    outside, _data = get(range=f"bytes={len(whole)}-")
    assert outside.status_code == 416 and outside["Content-Range"] == f"bytes */{len(whole)}"
    changed, data = get(range="bytes=0-9", **{"if-range": "Thu, 01 Jan 1970 00:00:00 GMT"})
    assert changed.status_code == 200 and data == whole
