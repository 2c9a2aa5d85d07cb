"""Files that come piece by piece: go on after any break, never twice, checked, bounded, forgotten."""

from __future__ import annotations

import hashlib
import io
import json
import os
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone
from PIL import Image

from rongmei.assets import uploading
from rongmei.assets.errors import (
    NotAPicture,
    UploadBroken,
    UploadElsewhere,
    UploadNoRoom,
    UploadQuota,
    UploadTooLarge,
    UploadUnfinished,
)
from rongmei.assets.models import Clip, Picture, Upload
from rongmei.assets.tests.clips import mp4
from rongmei.kernel.errors import BadInput, NotAllowed, NotFound
from rongmei.kernel.ids import uuid7


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch, settings):
    monkeypatch.setattr(uploading, "folder", lambda: tmp_path)
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(out, "JPEG", quality=95)
    return out.getvalue()


def begin(cast, data: bytes, *, pk=None, by="smk.reporter", size=None):
    member = cast[by]
    return uploading.upload_begin(
        by=member, upload_id=pk or uuid7(), unit_id=member.unit_id, name="现场.jpg",
        size=len(data) if size is None else size,
    )  # fmt: skip


def put(cast, pk, offset: int, piece: bytes, *, by="smk.reporter"):
    digest = hashlib.sha256(piece).hexdigest()
    return uploading.upload_append(
        by=cast[by], upload_id=pk, offset=offset, piece=piece, sha256=digest
    )


def test_a_photo_in_pieces_is_the_photo_that_was_sent(cast):
    data = photo()
    pk = begin(cast, data).upload.pk
    for at in range(0, len(data), 700):
        assert put(cast, pk, at, data[at : at + 700]).offset == min(at + 700, len(data))
    whole = hashlib.sha256(data).hexdigest()
    done = uploading.upload_finish(by=cast["smk.reporter"], upload_id=pk, sha256=whole)
    picture = Picture.objects.get(uid=done.picture)
    assert (picture.width, picture.unit_id) == (320, cast["smk.reporter"].unit_id)
    again = uploading.upload_finish(by=cast["smk.reporter"], upload_id=pk)
    assert again.picture == done.picture and Picture.objects.count() == 1
    assert not uploading.path_of(done.upload).exists()


def test_after_a_break_it_goes_on_from_what_the_disk_holds(cast):
    data = photo()
    pk = begin(cast, data).upload.pk
    put(cast, pk, 0, data[:1000])
    # The process was killed in the middle of the next piece: a part of it is there.
    with uploading.path_of(Upload.objects.get(pk=pk)).open("ab") as handle:
        handle.write(data[1000:1300])
    standing = begin(cast, data, pk=pk)
    assert standing.offset == 1300
    put(cast, pk, 1300, data[1300:])
    assert uploading.upload_finish(by=cast["smk.reporter"], upload_id=pk).picture


def test_a_piece_whose_answer_was_lost_is_not_written_twice(cast):
    data = photo()
    pk = begin(cast, data).upload.pk
    put(cast, pk, 0, data[:500])
    with pytest.raises(UploadElsewhere):
        put(cast, pk, 0, data[:500])
    assert uploading.upload_stand(cast["smk.reporter"], pk).offset == 500


def test_a_damaged_piece_is_not_written(cast):
    pk = begin(cast, photo()).upload.pk
    with pytest.raises(UploadBroken):
        uploading.upload_append(
            by=cast["smk.reporter"], upload_id=pk, offset=0, piece=b"x" * 10, sha256="0" * 64
        )
    assert uploading.upload_stand(cast["smk.reporter"], pk).offset == 0


def test_a_whole_that_does_not_match_starts_anew(cast):
    data = photo()
    pk = begin(cast, data).upload.pk
    put(cast, pk, 0, data)
    with pytest.raises(UploadBroken):
        uploading.upload_finish(by=cast["smk.reporter"], upload_id=pk, sha256="0" * 64)
    assert begin(cast, data, pk=pk).offset == 0


def test_a_video_in_pieces_becomes_a_clip(cast):
    data = mp4(65)
    pk = begin(cast, data).upload.pk
    for at in range(0, len(data), 400):
        put(cast, pk, at, data[at : at + 400])
    done = uploading.upload_finish(by=cast["smk.reporter"], upload_id=pk)
    assert done.picture is None and Clip.objects.get(pk=done.clip).seconds == 65
    again = uploading.upload_finish(by=cast["smk.reporter"], upload_id=pk)
    assert again.clip == done.clip and Clip.objects.count() == 1


def test_what_is_unfinished_or_no_picture_is_not_taken_in(cast):
    data = photo()
    pk = begin(cast, data).upload.pk
    put(cast, pk, 0, data[:-1])
    with pytest.raises(UploadUnfinished):
        uploading.upload_finish(by=cast["smk.reporter"], upload_id=pk)
    other = begin(cast, b"no picture").upload.pk
    put(cast, other, 0, b"no picture")
    with pytest.raises(NotAPicture):
        uploading.upload_finish(by=cast["smk.reporter"], upload_id=other)
    assert not Picture.objects.exists() and not Upload.objects.filter(pk=other).exists()


def test_nobody_goes_on_with_another_s_upload(cast):
    data = photo()
    pk = begin(cast, data).upload.pk
    with pytest.raises(NotFound):
        put(cast, pk, 0, data, by="yl.reporter")
    with pytest.raises(NotFound):
        begin(cast, data, pk=pk, by="yl.reporter")
    with pytest.raises(NotAllowed):
        begin(cast, data, by="planner")
    uploading.upload_drop(by=cast["yl.reporter"], upload_id=pk)
    assert Upload.objects.filter(pk=pk).exists()


def test_limits_of_file_person_piece_and_disk(cast, settings, monkeypatch):
    settings.RONGMEI_UPLOAD_MB, settings.RONGMEI_UPLOAD_QUOTA_MB = 2, 3
    with pytest.raises(UploadTooLarge):
        begin(cast, b"", size=2 * 1024 * 1024 + 1)
    with pytest.raises(BadInput):
        begin(cast, b"", size=0)
    pk = begin(cast, b"", size=2 * 1024 * 1024).upload.pk
    with pytest.raises(UploadQuota):
        begin(cast, b"", size=2 * 1024 * 1024)
    assert begin(cast, b"", size=2 * 1024 * 1024, by="yl.reporter").offset == 0
    with pytest.raises(UploadTooLarge):
        put(cast, pk, 2 * 1024 * 1024, b"x")
    monkeypatch.setattr(uploading.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1))
    with pytest.raises(UploadNoRoom):
        begin(cast, b"x")


def test_a_name_cannot_leave_the_folder(cast, own_folder):
    member = cast["smk.reporter"]
    made = uploading.upload_begin(
        by=member, upload_id=uuid.uuid4(), unit_id=member.unit_id, name="../../etc/passwd", size=5
    )
    assert made.upload.name == "passwd" and uploading.path_of(made.upload).parent == own_folder


def test_what_nobody_goes_on_with_is_removed(cast):
    data = photo()
    pk = begin(cast, data).upload.pk
    put(cast, pk, 0, data[:100])
    path = uploading.path_of(Upload.objects.get(pk=pk))
    assert uploading.uploads_expire() == 0 and path.exists()
    Upload.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    os.utime(path, (0, 0))
    assert uploading.uploads_expire() == 2
    assert not path.exists() and not Upload.objects.exists()


def test_the_api_carries_raw_bytes(cast, signed_in):
    data, client, pk = photo(), signed_in("smk.reporter"), str(uuid7())
    how = {"content_type": "application/json"}
    new = json.dumps({"id": pk, "name": "现场.jpg", "size": len(data)})
    assert client.post("/api/v1/uploads", new, **how).json()["offset"] == 0
    where = f"/api/v1/uploads/{pk}"
    raw = {"content_type": "application/octet-stream"}
    first = client.put(f"{where}?offset=0", data[:900], **raw)
    assert first.json()["offset"] == 900, first.content
    again = client.put(f"{where}?offset=0", data[:900], **raw)
    assert (again.status_code, again.json()["code"]) == (409, "upload_elsewhere")
    client.put(f"{where}?offset=900", data[900:], **raw)
    done = client.post(where + "/finish", "{}", **how).json()
    assert done["taken"] and Picture.objects.get(uid=done["picture"])
