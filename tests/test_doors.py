"""What stands open to strangers and to careless methods: files, figures, forms, ways back."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from rongmei.assets import actions as assets
from rongmei.channels.models import receipt_storage
from rongmei.kernel.models import AuditEntry
from rongmei.stories.tests import newsroom
from tests.test_routes import BACKEND, GUARDED

PASSWORD = "correct horse battery staple"


@pytest.fixture
def person(cast):
    member = cast.people["hq.reporter"]
    member.set_password(PASSWORD)
    member.save(update_fields=["password"])
    return member


def test_receipts_keys_and_databases_do_not_lie_in_the_public_folder():
    public = Path(settings.MEDIA_ROOT).resolve()
    receipts = Path(receipt_storage().location).resolve()
    assert not receipts.is_relative_to(public) and not public.is_relative_to(receipts)
    assert not (settings.RONGMEI_NODE.home / "keys").resolve().is_relative_to(public)


@pytest.mark.parametrize(
    "path",
    [
        "", "pictures", "pictures/", "../secret.txt", "%2e%2e/secret.txt",
        "pictures/..%2f..%2fsecret.txt", "..%5csecret.txt", "%00", "/etc/hostname",
    ],
)  # fmt: skip
def test_media_lists_nothing_and_leads_nowhere_else(db, path, caplog):
    public = Path(settings.MEDIA_ROOT)
    (public / "pictures").mkdir(parents=True, exist_ok=True)
    (public / "pictures" / "there.txt").write_text("there")
    secret = public.parent / "secret.txt"
    secret.write_text("secret")
    try:
        there = Client().get("/media/pictures/there.txt")
        assert b"".join(there.streaming_content) == b"there"
        assert Client().get(f"/media/{path}").status_code == 404
    finally:
        secret.unlink()
    # Whoever guesses must not fill the log with errors.
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


def test_a_pictures_address_cannot_be_guessed(cast):
    by = cast["yl.reporter"]
    picture = assets.picture_add(
        by=by, unit_id=by.unit_id, file=newsroom.picture_file(), title="现场"
    )
    stem = Path(picture.file.name).stem
    assert len(stem) >= 32 and stem != str(picture.pk)
    assert "photo" not in picture.file.name


@pytest.mark.parametrize("name", ["healthz", "metrics"])
def test_machines_are_told_no_names(cast, name):
    story = newsroom.draft(cast)
    text = Client().get(reverse(name)).content.decode()
    for word in (story.title, str(story.pk), "yl.reporter", "云岭", settings.SECRET_KEY):
        assert word not in text
    assert str(settings.RONGMEI_NODE.home) not in text


def sign_in(client: Client, to: str) -> str:
    answer = client.post(
        f"{reverse('account_login')}?next={to}",
        {"login": "hq.reporter", "password": PASSWORD, "next": to},
    )
    assert answer.status_code == 302
    return answer["Location"]


@pytest.mark.parametrize(
    "to",
    ["https://elsewhere.invalid/", "//elsewhere.invalid", "/\\elsewhere.invalid", "javascript:1"],
)
def test_signing_in_leads_to_no_other_site(person, to):
    assert sign_in(Client(), to) == settings.LOGIN_REDIRECT_URL


def test_signing_in_leads_back(person):
    assert sign_in(Client(), "/desk/stories/") == "/desk/stories/"


def test_choosing_a_language_leads_to_no_other_site(db):
    answer = Client().post(
        reverse("set_language"), {"language": "en", "next": "https://elsewhere.invalid/"}
    )
    assert "elsewhere" not in answer.get("Location", "")


def test_the_sessions_cookie_is_out_of_reach_of_scripts_and_other_sites(person):
    client = Client()
    sign_in(client, "/desk/")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert bool(cookie["secure"]) == settings.RONGMEI_NODE.url.startswith("https://")
    assert settings.CSRF_COOKIE_SECURE == settings.SESSION_COOKIE_SECURE


def test_signing_in_changes_the_sessions_key(person):
    client = Client()
    client.get(reverse("account_login"))
    client.session.save()
    before = client.session.session_key
    sign_in(client, "/desk/")
    assert client.session.session_key != before
    assert Session.objects.filter(pk=client.session.session_key).exists()


FORMS = sorted(
    name
    for name, given in GUARDED.items()
    if not name.startswith("api:") and any(row.method == "POST" for row in given)
)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_without_its_token_is_refused(name, cast):
    for row in GUARDED[name]:
        if row.method != "POST":
            continue
        username = row.allowed[0][0] if row.allowed else "hq.reporter"
        url = reverse(name, kwargs=row.args(cast) if row.args else {})
        data = row.data(cast) if row.data else {}
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.people[username], BACKEND)
        before = AuditEntry.objects.count()
        assert client.post(url, data).status_code == 403
        assert AuditEntry.objects.count() == before


def test_the_api_asks_for_the_token_when_a_session_calls(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.people["yl.reporter"], BACKEND)
    answer = client.post(
        reverse("api:stories"),
        {"unit_id": str(cast.unit("yunling").pk), "title": "示例新稿"},
        "application/json",
    )
    assert answer.status_code == 403
