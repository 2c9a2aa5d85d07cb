"""allauth's adapters and forms: nobody signs up by themselves; words are ours, Chinese first."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

WRONG_CODE = _("验证码不对。请核对手机时间，用最新的一组数字再试。")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Sign-up is closed; the words are ours; the rest is allauth's default."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("这个账号已停用。请找本单位系统管理员。"),
        "enter_current_password": _("当前密码不对。"),
        "incorrect_password": _("密码不对。"),
        "too_many_login_attempts": _("登录失败次数太多，账号没有被锁定。请等五分钟再试。"),
        "username_password_mismatch": _("账号或密码不对。忘了密码，请找本单位系统管理员重置。"),
        "rate_limited": _("操作太频繁。请等一分钟再试。"),
        "incorrect_code": WRONG_CODE,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No: accounts are made by the system administrator."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> Any:
        """Where a person lands: the workbench."""
        return "/desk/"

    def get_password_change_redirect_url(self, request: HttpRequest) -> Any:
        """After a change of password: the workbench."""
        return "/desk/"

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: allauth's own sentences are not ours, and each page shows what it did."""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth has no types
    """Second factors: secrets are kept sealed with the node's key."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": WRONG_CODE}

    def _box(self) -> Fernet:
        digest = hashlib.sha256(b"rongmei.totp:" + settings.SECRET_KEY.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(digest))

    def encrypt(self, text: str) -> str:
        """Seal what goes into the database."""
        return self._box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what came from the database."""
        return self._box().decrypt(encrypted_text.encode()).decode()


def _word(form: Any, **labels: Any) -> None:
    for name, label in labels.items():
        field = form.fields[name]
        field.label = label
        field.widget.attrs.pop("placeholder", None)


class SignInForm(LoginForm):  # type: ignore[misc] # allauth has no types
    """Username and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, login=_("账号"), password=_("密码"))
        self.fields["login"].widget.attrs["autofocus"] = True
        self.fields["password"].help_text = ""


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc] # allauth has no types
    """The old password and twice the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, oldpassword=_("当前密码"), password1=_("新密码"), password2=_("再输一次新密码"))
        self.fields["password1"].help_text = _(
            "至少 12 个字符；不能全是数字、太常见，也不能与账号姓名相近。"
        )


class PasswordAgainForm(ReauthenticateForm):  # type: ignore[misc] # allauth has no types
    """The password once more, before something delicate."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, password=_("密码"))


class CodeForm(AuthenticateForm):  # type: ignore[misc] # allauth has no types
    """The code of the second factor at sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, code=_("验证码或恢复码"))
        self.fields["code"].widget.attrs["autofocus"] = True


class CodeOnceMoreForm(CodeAgainForm):  # type: ignore[misc] # allauth has no types
    """The code once more, before something delicate."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, code=_("验证码或恢复码"))


class FirstCodeForm(ActivateTOTPForm):  # type: ignore[misc] # allauth has no types
    """The first code, which proves that the phone has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, code=_("手机上显示的六位验证码"))
