"""Pictures: checked, cleaned of places, kept once, seen by their unit."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import ExifTags, Image, PngImagePlugin

from rongmei.assets import actions, intake
from rongmei.assets.errors import NotAPicture, PictureForged, PictureTooLarge
from rongmei.assets.models import Picture
from rongmei.kernel.errors import NotAllowed


def jpeg(gps=True, color="green"):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Photo desk"
    if gps:
        exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (25.0, 1.0, 2.0), 3: "E", 4: (103.0, 1.0, 2.0)}
    out = io.BytesIO()
    Image.new("RGB", (80, 60), color).save(out, "JPEG", exif=exif)
    return out.getvalue()


def add(cast, data, username="yl.reporter", **fields):
    by = cast[username]
    return actions.picture_add(
        by=by, unit_id=by.unit_id, file=io.BytesIO(data), title="现场", **fields
    )


def test_places_are_taken_out_and_the_rest_stays(cast):
    data = jpeg()
    assert ExifTags.IFD.GPSInfo in Image.open(io.BytesIO(data)).getexif()
    picture = add(cast, data)
    kept = Image.open(picture.file)
    assert ExifTags.IFD.GPSInfo not in kept.getexif()
    assert kept.getexif()[ExifTags.Base.Artist] == "Photo desk" and picture.credit == "Photo desk"
    assert kept.tobytes() == Image.open(io.BytesIO(data)).tobytes()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_places_are_taken_out_of_other_formats(kind):
    exif = Image.Exif()
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (25.0, 1.0, 2.0)}
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, kind, exif=exif)
    cleaned = Image.open(io.BytesIO(intake.take_in(out.getvalue()).data))
    assert ExifTags.IFD.GPSInfo not in cleaned.getexif() and cleaned.size == (40, 30)


def test_the_aigc_label_is_read(cast):
    info = PngImagePlugin.PngInfo()
    info.add_text("AIGC", '{"AIGC": {"Label": "1", "ContentProducer": "x"}}')
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG", pnginfo=info)
    assert add(cast, out.getvalue()).aigc == "1"


def test_one_file_is_kept_once_a_unit(cast):
    one, two = add(cast, jpeg()), add(cast, jpeg())
    assert one.pk == two.pk and add(cast, jpeg(), "jc.reporter").pk != one.pk


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"\xff\xd8\xff\xe0broken", b"GIF89a"])
def test_what_does_not_decode_is_refused(cast, data):
    with pytest.raises(NotAPicture):
        add(cast, data)
    assert not Picture.objects.exists()


def test_a_cut_off_picture_is_refused(cast):
    with pytest.raises(NotAPicture):
        add(cast, jpeg()[:-200])


def test_too_large_is_refused(cast, monkeypatch):
    monkeypatch.setattr(intake, "MAX_BYTES", 100)
    with pytest.raises(PictureTooLarge):
        add(cast, jpeg())


def test_only_for_a_unit_one_uploads_for(cast):
    by = cast["yl.reporter"]
    with pytest.raises(NotAllowed):
        actions.picture_add(
            by=by, unit_id=cast.unit("jiangchuan").pk, file=io.BytesIO(jpeg()), title="x"
        )
    with pytest.raises(NotAllowed):
        add(cast, jpeg(), "planner")


def test_a_forged_picture_is_refused(cast):
    body = actions.picture_export(add(cast, jpeg()))
    home = cast.unit("yunling").node_id
    Picture.objects.all().delete()
    kept = actions.picture_import(body, home=home)
    assert kept.is_replica and actions.picture_import(body, home=home).pk == kept.pk
    for bad in ({"sent_digest": "0" * 64}, {"data": "%%"}, {"unit": "x"}):
        with pytest.raises(PictureForged):
            actions.picture_import({**body, **bad}, home=home)
    import uuid

    with pytest.raises(PictureForged):
        actions.picture_import(body, home=uuid.uuid4())


def test_large_pictures_travel_smaller():
    data = io.BytesIO()
    Image.effect_noise((1500, 1500), 90).convert("RGB").save(data, "JPEG", quality=95)
    assert len(intake.shrink(data.getvalue(), 300_000)) <= 300_000 < len(data.getvalue())


def test_pages_are_scoped(cast, signed_in, django_assert_max_num_queries):
    picture = add(cast, jpeg())
    where = reverse("assets:picture", args=[picture.uid])
    assert signed_in("yl.first").get(where).status_code == 200
    assert signed_in("jc.reporter").get(where).status_code == 404
    assert signed_in("sysadmin").get(where).status_code == 403
    client = signed_in("yl.reporter")
    client.get(reverse("assets:list"))
    with django_assert_max_num_queries(15):
        assert client.get(reverse("assets:list")).status_code == 200
    assert signed_in("planner").get(reverse("assets:upload")).status_code == 403


def test_uploading_by_form_and_api(cast, signed_in):
    client = signed_in("yl.reporter")
    unit = str(cast.unit("yunling").pk)
    file = SimpleUploadedFile("a.jpg", jpeg(), "image/jpeg")
    assert client.post(reverse("assets:upload"), {"file": file, "unit": unit}).status_code == 302
    bad = SimpleUploadedFile("a.jpg", b"no", "image/jpeg")
    assert client.post(reverse("assets:upload"), {"file": bad, "unit": unit}).status_code == 422
    other = SimpleUploadedFile("b.jpg", jpeg(color="red"), "image/jpeg")
    made = client.post("/api/v1/pictures", {"file": other, "unit_id": unit, "title": "接口上传"})
    assert made.status_code == 201, made.content
    assert client.get("/api/v1/pictures").json()["count"] == 2
