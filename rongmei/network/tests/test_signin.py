"""The door: sign-in, first password, second factor, sessions, what leaves a line."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from rongmei.kernel.models import AuditEntry
from rongmei.network.actions import members
from rongmei.network.models import Member

PASSWORD = "correct horse battery"


@pytest.fixture
def person(cast):
    cache.clear()
    member = cast["yl.reporter"]
    member.set_password(PASSWORD)
    member.save()
    return member


def sign_in(
    username: str = "yl.reporter", password: str = PASSWORD, **headers: str
) -> tuple[Client, object]:
    client = Client(headers=headers)
    answer = client.post("/accounts/login/", {"login": username, "password": password})
    return client, answer


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))


def test_signing_in_and_out_leaves_lines(person):
    client, answer = sign_in()
    assert (answer.status_code, answer.url) == (302, "/desk/")
    client.post("/accounts/logout/")
    assert client.get("/desk/network/settings/").status_code == 302
    assert actions() == ["member.signed_in", "member.signed_out"]


def test_a_username_may_be_written_in_capitals(person):
    assert sign_in("YL.Reporter")[1].status_code == 302


def test_wrong_passwords_are_refused_with_words_and_thinned_lines(person):
    for _n in range(4):
        _client, answer = sign_in(password="wrong")
        assert answer.status_code == 200
        assert "账号或密码不对" in answer.text
    assert actions() == ["member.sign_in_failed"]


def test_guessing_is_limited_with_words(person):
    for _n in range(6):
        _client, answer = sign_in(password="wrong")
    assert "登录失败次数太多" in answer.text
    _client, answer = sign_in()
    assert answer.status_code == 200, "the right password must wait too"


def test_no_password_is_in_the_log(person):
    sign_in(password="hunter2 hunter2")
    assert "hunter2" not in str(list(AuditEntry.objects.values()))


def test_a_closed_account_cannot_sign_in_and_its_sessions_die_at_once(cast, person):
    client, _answer = sign_in()
    assert client.get("/desk/network/settings/").status_code == 200
    members.member_disable(by=cast["yl.sysadmin"], member_id=person.pk, reason="示例")
    assert client.get("/desk/network/settings/").status_code == 302
    assert not UserSession.objects.filter(user=person).exists()
    assert sign_in()[1].status_code == 200


def test_a_one_time_password_opens_one_page_only(cast, person):
    given = members.password_reset(by=cast["yl.sysadmin"], member_id=person.pk)
    client, _answer = sign_in(password=given.password)
    answer = client.get("/desk/network/settings/")
    assert (answer.status_code, answer.url) == (302, "/accounts/password/change/")
    assert client.get("/api/v1/me").status_code == 403
    assert client.get("/accounts/password/change/").status_code == 200
    new = {
        "oldpassword": given.password,
        "password1": "another long word",
        "password2": "another long word",
    }
    assert client.post("/accounts/password/change/", new).status_code == 302
    assert client.get("/desk/network/settings/").status_code == 200
    assert not Member.objects.get(pk=person.pk).must_change_password
    assert "member.password_changed" in actions()


@pytest.mark.parametrize("weak", ["short", "123456789012345", "yl.reporter.yl", "password1234"])
def test_weak_passwords_are_refused(person, weak):
    client, _answer = sign_in()
    new = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    assert client.post("/accounts/password/change/", new).status_code == 200
    assert Member.objects.get(pk=person.pk).check_password(PASSWORD)


def test_a_reset_signs_out_everywhere(cast, person):
    client, _answer = sign_in()
    members.password_reset(by=cast["yl.sysadmin"], member_id=person.pk)
    assert client.get("/desk/network/settings/").status_code == 302


def test_changing_the_password_signs_out_the_others(person):
    here, _answer = sign_in()
    there, _answer = sign_in()
    new = {
        "oldpassword": PASSWORD,
        "password1": "another long word",
        "password2": "another long word",
    }
    here.post("/accounts/password/change/", new)
    assert here.get("/desk/network/settings/").status_code == 200
    assert there.get("/desk/network/settings/").status_code == 302


def test_sign_out_others(person):
    here, _answer = sign_in()
    there, _answer = sign_in()
    assert UserSession.objects.count() == 2
    here.post("/accounts/sessions/")
    assert here.get("/accounts/sessions/").status_code == 200
    assert there.get("/accounts/sessions/").status_code == 302
    assert "member.sessions_ended" in actions()


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_the_second_factor_from_setting_up_to_recovery(person, django_capture_on_commit_callbacks):
    client, _answer = sign_in()
    assert client.get("/accounts/2fa/totp/activate/").url.startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    assert "data:image/svg+xml" in page.text
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", page.text)[1]
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    kept = Authenticator.objects.get(user=person, type="totp").data["secret"]
    assert secret not in kept, "the secret is sealed in the database"
    recovery = client.get("/accounts/2fa/recovery-codes/")
    words = re.search(r'<pre id="codes"[^>]*>(.*?)</pre>', recovery.text, re.S)[1].split()
    assert len(words) == 10

    other, answer = sign_in()
    assert answer.url == "/accounts/2fa/authenticate/"
    assert other.get("/desk/network/settings/").status_code == 302, (
        "the password alone opens nothing"
    )
    wrong = other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "验证码不对" in wrong.text
    assert other.post("/accounts/2fa/authenticate/", {"code": words[0]}).status_code == 302
    assert other.get("/desk/network/settings/").status_code == 200
    again, _answer = sign_in()
    assert again.post("/accounts/2fa/authenticate/", {"code": words[0]}).status_code == 200, (
        "once only"
    )
    assert {"member.totp_on", "member.code_failed"} <= set(actions())


def test_the_security_administrator_frees_who_lost_the_phone(cast, person):
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    members.factor_remove(by=cast["yl.secadmin"], member_id=person.pk, reason="当面核实")
    assert not Authenticator.objects.filter(user=person).exists()
    assert actions() == ["member.totp_off"]


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "email/",
        "password/reset/",
        "password/set/",
        "confirm-email/",
        "login/code/",
        "3rdparty/",
        "2fa/trust/",
    ],
)
def test_doors_nobody_needs_are_bricked_up(cast, path):
    assert Client().get(f"/accounts/{path}").status_code == 404


def test_the_members_language_is_spoken_unless_the_browser_was_told_otherwise(cast, person):
    client, _answer = sign_in()
    form = {"name": "记山行", "language": "en"}
    client.post("/desk/network/settings/", form)
    assert client.cookies["rm_lang_test"].value == "en"
    other, _answer = sign_in()
    assert '<html lang="en">' in other.get("/desk/network/settings/").text
    other.cookies["rm_lang_test"] = "zh-hans"
    assert '<html lang="zh-CN">' in other.get("/desk/network/settings/").text


def test_being_seen_is_not_a_write_on_every_page(person, django_assert_num_queries):
    client, _answer = sign_in()
    client.get("/desk/network/settings/")
    before = Member.objects.get(pk=person.pk).seen_at
    assert before is not None
    client.get("/desk/network/settings/")
    assert Member.objects.get(pk=person.pk).seen_at == before
