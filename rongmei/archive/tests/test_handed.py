"""Files and letters handed over: kept once, refused with a reason, nothing lost on the way."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from rongmei.archive import handed
from rongmei.archive.models import Document
from rongmei.archive.tests.collectors import fetch
from rongmei.kernel import mailbox
from rongmei.kernel.models import AuditEntry
from rongmei.sources import actions, spool
from rongmei.sources.models import FetchState, Source
from rongmei.sources.tests.imap_server import ImapServer
from rongmei.sources.tests.test_readers import letter

pytestmark = pytest.mark.django_db
LINE = '{"title": "示例%d", "body": "迎峰度夏一线见闻第%d篇,示例正文。", "source": "示例日报"}\n'


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    """Each test has its own spool."""
    node = settings.RONGMEI_NODE
    settings.RONGMEI_NODE = type(node)(**{**vars(node), "home": tmp_path})


def drop(cast, **fields):
    return actions.source_add(
        by=cast["duty"], unit_id=cast.unit("hq").pk, name="示例投递", url="", kind="drop",
        min_interval=10, max_interval=60, full_text=False, **fields,
    )  # fmt: skip


def rows(*numbers):
    return "".join(LINE % (n, n) for n in numbers).encode()


# Files


def test_a_file_put_there_is_in_the_archive_and_moved(cast):
    source = drop(cast)
    spool.put(source.pk, "a.jsonl", [rows(1, 2), rows(3)])
    state = fetch(source)
    assert (state.outcome, state.items_seen, state.items_new) == ("ok", 3, 3)
    assert set(Document.objects.values_list("source_name", flat=True)) == {"示例日报"}
    assert spool.waiting(source.pk) == [] and spool.refused(source.pk) == []
    assert len(list(spool.folder_of(source.pk, "read").iterdir())) == 1


def test_the_same_file_twice_changes_nothing(cast):
    source = drop(cast)
    for _turn in range(2):
        spool.put(source.pk, "a.jsonl", [rows(1, 2)])
        state = fetch(source)
    assert (Document.objects.count(), state.items_seen, state.items_new) == (2, 4, 2)


def test_more_rows_than_a_write_takes_are_all_kept(cast):
    source = drop(cast)
    spool.put(source.pk, "a.jsonl", [rows(*range(450))])
    assert fetch(source).items_new == 450
    assert Document.objects.count() == 450


def test_what_cannot_be_read_stays_with_its_reason(cast):
    source = drop(cast)
    spool.put(source.pk, "照片.jpg", [b"\xff\xd8\xff\x00"])
    spool.put(source.pk, "b.jsonl", [rows(1)])
    state = fetch(source)
    assert (state.outcome, state.items_new, state.failures) == ("files_left", 1, 0)
    (one,) = spool.refused(source.pk)
    assert one.name == "照片.jpg" and "照片.jpg" in one.why
    actions.refused_file_deal(by=cast["duty"], source_id=source.pk, key=one.key, again=True)
    assert [held.name for held in spool.waiting(source.pk)] == ["照片.jpg"]
    fetch(source)
    (one,) = spool.refused(source.pk)
    actions.refused_file_deal(by=cast["duty"], source_id=source.pk, key=one.key, again=False)
    assert spool.refused(source.pk) == []
    assert list(spool.folder_of(source.pk, "refused").iterdir()) == []


def test_a_bomb_among_the_files_is_refused_and_the_others_are_read(cast):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as held:
        held.writestr("a.csv", b"title,body\n" + b"0" * 300_000_000)
    source = drop(cast)
    spool.put(source.pk, "a.zip", [packed.getvalue()])
    spool.put(source.pk, "b.jsonl", [rows(1, 2)])
    state = fetch(source)
    assert (state.outcome, state.items_new) == ("files_left", 2)
    assert "64 MB" in state.message
    (refused,) = spool.refused(source.pk)
    assert refused.name == "a.zip"
    fetch(source)
    assert Document.objects.count() == 2


def test_a_file_still_being_copied_waits(cast):
    source = drop(cast)
    copied = spool.folder_of(source.pk) / "copied.jsonl"
    copied.write_bytes(rows(1))
    (spool.folder_of(source.pk) / ".hidden").write_bytes(rows(2))
    assert spool.waiting(source.pk) == []
    os.utime(copied, (time.time() - 5,) * 2)
    assert [one.name for one in spool.waiting(source.pk)] == ["copied.jsonl"]


def test_a_link_out_of_the_folder_is_not_followed(cast, tmp_path):
    source = drop(cast)
    secret = tmp_path / "secret.jsonl"
    secret.write_bytes(rows(1))
    (spool.folder_of(source.pk) / "link.jsonl").symlink_to(secret)
    assert spool.waiting(source.pk, now=time.time() + 60) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot.ini"), (".htaccess", "htaccess"),
        ("a b;rm -rf.csv", "a_b_rm_-rf.csv"), ("", "file"), ("示例(终稿).docx", "示例(终稿).docx"),
        ("x" * 300 + ".csv", "x" * 115 + ".csv"), ("\x00\n", "_"),
    ],
)  # fmt: skip
def test_names_from_outside_stay_inside(given, kept):
    name = spool.safe_name(given)
    assert name == kept or (given.startswith("x") and name.endswith(".csv") and len(name) <= 120)


def test_killed_after_keeping_and_before_moving_nothing_doubles(cast, monkeypatch):
    source = drop(cast)
    spool.put(source.pk, "a.jsonl", [rows(1, 2)])
    with monkeypatch.context() as patched:
        patched.setattr(spool, "settle", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            fetch(source)
    assert Document.objects.count() == 2
    FetchState.objects.update(leased_until=None)
    assert fetch(source).items_new == 0
    assert Document.objects.count() == 2 and spool.waiting(source.pk) == []


def test_files_too_large_leave_nothing_behind(cast):
    source = drop(cast)
    with pytest.raises(Exception, match="过大"):
        spool.put(source.pk, "a.csv", [b"x" * 60, b"x" * 60], limit=100)
    assert list(spool.folder_of(source.pk).iterdir()) == []


def test_old_files_leave(cast):
    source = drop(cast)
    spool.put(source.pk, "a.jsonl", [rows(1)])
    fetch(source)
    assert spool.prune() == 0
    assert spool.prune(now=time.time() + 31 * 86_400) == 1


# The workbench


def test_a_person_hands_files_in(cast, signed_in):
    client = signed_in("duty")
    assert client.get("/desk/sources/hand-in/").status_code == 200
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.jsonl", rows(1, 2))
    answer = client.post(
        "/desk/sources/hand-in/", {"files": [SimpleUploadedFile("a.zip", held.getvalue())]}
    )
    source = Source.objects.get(preset="hand-in")
    assert answer["Location"] == f"/desk/sources/{source.pk}/"
    assert fetch(source).items_new == 2
    assert AuditEntry.objects.filter(action="source.files_handed_over").exists()
    assert "文件导入" in client.get(answer["Location"]).content.decode()
    client.post("/desk/sources/hand-in/", {"files": [SimpleUploadedFile("b.jsonl", rows(3))]})
    assert Source.objects.filter(preset="hand-in").count() == 1


def test_a_refused_file_is_downloaded_never_shown(cast, signed_in):
    source = drop(cast)
    spool.put(source.pk, "x.html", [b"<html><script>alert(1)</script></html>"])
    fetch(source)
    (one,) = spool.refused(source.pk)
    answer = signed_in("duty").get(f"/desk/sources/{source.pk}/refused/{one.key}/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert (
        signed_in("planner").get(f"/desk/sources/{source.pk}/refused/{one.key}/").status_code == 403
    )


# Pushing


def push(source, body, **headers):
    return Client(enforce_csrf_checks=True).post(
        f"/in/{source.pk}/", body, content_type="application/json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )  # fmt: skip


def test_another_system_pushes_with_the_key(cast):
    source = drop(cast)
    key = actions.source_secret_set(by=cast["duty"], source_id=source.pk)
    item = json.dumps(
        {"uri": "urn:x:1", "versionCreated": "2026-11-20T08:00:00Z", "headline": "推"}
    )
    assert push(source, item, Authorization=f"Bearer {key}").status_code == 202
    stamp = str(int(time.time()))
    sign = hmac.new(key.encode(), f"{stamp}.".encode() + item.encode(), hashlib.sha256).hexdigest()
    signed = {"X_Rongmei_Timestamp": stamp, "X_Rongmei_Signature": f"sha256={sign}"}
    assert push(source, item, **signed).status_code == 202
    assert push(source, item + " ", **signed).status_code == 404
    assert fetch(source).items_new == 1


def test_a_push_without_the_key_is_as_if_nobody_were_there(cast):
    source = drop(cast)
    assert push(source, "{}").status_code == 404
    assert push(source, "{}", Authorization="Bearer ").status_code == 404
    key = actions.source_secret_set(by=cast["duty"], source_id=source.pk)
    assert push(source, "{}", Authorization=f"Bearer {key}x").status_code == 404
    old = str(int(time.time()) - 600)
    sign = hmac.new(key.encode(), f"{old}.{{}}".encode(), hashlib.sha256).hexdigest()
    stale = {"X_Rongmei_Timestamp": old, "X_Rongmei_Signature": f"sha256={sign}"}
    assert push(source, "{}", **stale).status_code == 404
    actions.source_change(by=cast["duty"], source_id=source.pk, enabled=False)
    assert push(source, "{}", Authorization=f"Bearer {key}").status_code == 404
    assert spool.waiting(source.pk) == []


def test_a_push_that_is_empty_or_huge_is_refused(cast):
    source = drop(cast)
    key = actions.source_secret_set(by=cast["duty"], source_id=source.pk)
    assert push(source, "", Authorization=f"Bearer {key}").status_code == 400
    assert (
        push(source, "x" * (10 * 1024 * 1024 + 1), Authorization=f"Bearer {key}").status_code == 413
    )


# Mail


def mail(cast, server, *, internal=True, secret="pass"):
    source = actions.source_add(
        by=cast["duty"], unit_id=cast.unit("hq").pk, name="示例邮箱", url=server.url, kind="mail",
        secret=secret, min_interval=60, max_interval=900,
    )  # fmt: skip
    if internal:
        actions.source_mark_internal(by=cast["sysadmin"], source_id=source.pk, internal=True)
    return source


def test_letters_become_documents_once(cast):
    with ImapServer({3: letter(), 9: letter(text="另一篇" * 40, subject="第二")}) as server:
        server.letters[9] = server.letters[9].replace(b"<1@unit.example>", b"<2@unit.example>")
        source = mail(cast, server)
        state = fetch(source)
        assert (state.outcome, state.items_new, state.cursor) == ("ok", 2, "7:9")
        assert fetch(source).outcome == "not_modified"
        assert sum("BODY.PEEK" in line for line in server.log) == 2
        # Nothing in the mailbox is changed: opened for reading only, letters peeked at.
        assert not any(line.startswith(("SELECT", "STORE", "UID STORE")) for line in server.log)
        server.letters[12] = letter(subject="第三", text="第三篇" * 40).replace(b"<1@", b"<3@")
        assert fetch(source).items_new == 3


def test_a_mailbox_made_anew_is_read_from_the_start_and_nothing_doubles(cast):
    with ImapServer({3: letter()}) as server:
        source = mail(cast, server)
        fetch(source)
        server.validity, server.letters = 8, {1: letter()}
        state = fetch(source)
        assert (state.cursor, Document.objects.count()) == ("8:1", 1)


def test_many_letters_come_in_turns(cast, monkeypatch):
    monkeypatch.setattr(handed, "LETTERS_AT_ONCE", 2)
    letters = {n: letter(subject=f"第{n}").replace(b"<1@", b"<%d@" % n) for n in range(1, 6)}
    with ImapServer(letters) as server:
        source = mail(cast, server)
        state = fetch(source)
        assert (state.items_new, state.left, state.cursor) == (2, 3, "7:2")
        fetch(source)
        assert fetch(source).left == 0
        assert Document.objects.filter(title__startswith="第").count() == 5


def test_a_letter_too_large_is_passed_by(cast, monkeypatch):
    monkeypatch.setattr(handed, "MAX_LETTER", 2_000)
    with ImapServer({1: letter(text="长" * 3000), 2: letter(text="短" * 90)}) as server:
        state = fetch(mail(cast, server))
    assert (state.items_new, state.outcome, state.cursor) == (1, "files_left", "7:2")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("login", "login"), ("folder", "login"), ("cut", "broken"), ("flood", "too_large")],
)
def test_what_goes_wrong_is_said(cast, fault, outcome):
    with ImapServer({1: letter()}, fault=fault) as server:
        state = fetch(mail(cast, server))
    assert (state.outcome, state.items_new, state.cursor) == (outcome, 0, "")
    assert state.message and state.failures > 0


def test_a_slow_server_is_left_at_the_end_of_its_time(cast, monkeypatch):
    monkeypatch.setattr(handed, "MAIL_SECONDS", 0.6)
    with ImapServer({1: letter()}, fault="drip") as server:
        state = fetch(mail(cast, server))
    assert (state.outcome, state.items_new) == ("timeout", 0)


def test_a_server_that_wants_to_know_who_is_there_is_told(cast):
    with ImapServer({1: letter()}, fault="id") as server:
        assert fetch(mail(cast, server)).items_new == 1


def test_a_mailbox_on_the_private_network_needs_leave(cast):
    with ImapServer({1: letter()}) as server:
        state = fetch(mail(cast, server, internal=False))
        assert (state.outcome, server.log) == ("private", [])


def test_a_password_is_never_sent_in_the_clear_outside_the_own_network(monkeypatch):
    place = mailbox.Place("mail.example.com", 143, "u", secure=False)
    with ImapServer() as server:
        monkeypatch.setattr(
            mailbox, "_dialled",
            lambda _place, internal: mailbox.socket.create_connection(("127.0.0.1", server.port)),
        )  # fmt: skip
        with pytest.raises(mailbox.TlsFailure), mailbox.opened(place, "pass", limit=100):
            pass
        assert not any("LOGIN" in line for line in server.log)


def test_the_password_is_never_shown_again(cast, signed_in):
    with ImapServer({1: letter()}) as server:
        source = mail(cast, server, secret="never-shown")
    client = signed_in("duty")
    pages = [
        client.get(f"/desk/sources/{source.pk}/"), client.get(f"/desk/sources/{source.pk}/change/"),
        client.get(f"/api/v1/sources/{source.pk}"),
    ]  # fmt: skip
    assert all(page.status_code == 200 for page in pages)
    assert not any("never-shown" in page.content.decode() for page in pages)
    assert not any("never-shown" in str(entry.detail) for entry in AuditEntry.objects.all())


@pytest.mark.parametrize("way", ["files", "mail"])
def test_adding_in_the_workbench(cast, signed_in, way):
    client = signed_in("duty")
    assert client.get(f"/desk/sources/add/{way}/").status_code == 200
    form = {
        "unit_id": str(cast.unit("hq").pk),
        "name": "新",
        "media_class": "company",
        "language": "zh",
    }
    form |= {
        "host": "imap.example.com",
        "port": "993",
        "user": "a@b.example",
        "secret": "s",
        "folder": "INBOX",
    }
    answer = client.post(f"/desk/sources/add/{way}/", form)
    assert answer.status_code == 302, answer.content.decode()
    source = Source.objects.get(name="新")
    if way == "mail":
        assert source.url == "imaps://a%40b.example@imap.example.com:993/INBOX"
    assert client.get(f"/desk/sources/{source.pk}/change/").status_code == 200
    changed = {
        **form,
        "tier": 1,
        "min_interval": 60,
        "max_interval": 900,
        "name": "改",
        "url": source.url,
    }
    assert client.post(f"/desk/sources/{source.pk}/change/", changed).status_code == 302
    source.refresh_from_db()
    assert (source.name, source.kind) == ("改", {"files": "drop"}.get(way, way))
