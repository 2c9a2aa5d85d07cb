"""What allauth and Django tell about sign-ins becomes audit lines.

Lines about failed sign-ins are thinned out: one a minute for a name and an address, so that a flood
of guesses cannot flood the chain. The sign-in form itself is limited before that (settings).
"""

from __future__ import annotations

import hashlib
from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from django.contrib.auth import signals as auth_signals
from django.core.cache import cache
from django.http import HttpRequest

from rongmei.kernel import audit, db
from rongmei.network.actions import members
from rongmei.network.models import Member

_THIN_SECONDS = 60


def signed_in(sender: Any, request: HttpRequest, user: Member, **kwargs: Any) -> None:
    """Somebody signed in, with every step done."""
    with db.write():
        audit.record(user, "member.signed_in", user)


def signed_out(sender: Any, request: HttpRequest, user: Member | None, **kwargs: Any) -> None:
    """Somebody signed out."""
    if user is not None:
        with db.write():
            audit.record(user, "member.signed_out", user)


def failed(sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
    """A wrong name or password; the password is not in `credentials`."""
    name = str(credentials.get("username", ""))[:40]
    address = request.META.get("REMOTE_ADDR", "") if request is not None else ""
    key = hashlib.sha256(f"{name.lower()}|{address}".encode()).hexdigest()[:32]
    if not cache.add(f"signin-failed:{key}", 1, _THIN_SECONDS):
        return
    member = Member.objects.filter(username=name.strip().lower()).first()
    with db.write():
        audit.record(None, "member.sign_in_failed", member, username=name)


def code_failed(sender: Any, request: HttpRequest, user: Member, **kwargs: Any) -> None:
    """A wrong code of the second factor."""
    if cache.add(f"code-failed:{user.pk}", 1, _THIN_SECONDS):
        with db.write():
            audit.record(user, "member.code_failed", user)


def password_changed(sender: Any, request: HttpRequest, user: Member, **kwargs: Any) -> None:
    """A member gave themselves a new password: other browsers are signed out."""
    members.password_was_changed(by=user, keep_session=request.session.session_key)


def factor_added(
    sender: Any, request: HttpRequest, user: Member, authenticator: Any, **kw: Any
) -> None:
    """A second factor was set up."""
    with db.write():
        audit.record(user, f"member.{authenticator.type}_on", user)


def factor_removed(
    sender: Any, request: HttpRequest, user: Member, authenticator: Any, **kw: Any
) -> None:
    """A second factor was taken away."""
    with db.write():
        audit.record(user, f"member.{authenticator.type}_off", user)


def factor_reset(
    sender: Any, request: HttpRequest, user: Member, authenticator: Any, **kw: Any
) -> None:
    """Recovery codes were made anew."""
    with db.write():
        audit.record(user, f"member.{authenticator.type}_renewed", user)


def connect() -> None:
    """Listen; called once when Django is ready."""
    account_signals.user_logged_in.connect(signed_in, dispatch_uid="rongmei.signed_in")
    auth_signals.user_logged_out.connect(signed_out, dispatch_uid="rongmei.signed_out")
    auth_signals.user_login_failed.connect(failed, dispatch_uid="rongmei.sign_in_failed")
    mfa_signals.authentication_failed.connect(code_failed, dispatch_uid="rongmei.code_failed")
    account_signals.password_changed.connect(password_changed, dispatch_uid="rongmei.password")
    mfa_signals.authenticator_added.connect(factor_added, dispatch_uid="rongmei.factor_added")
    mfa_signals.authenticator_removed.connect(factor_removed, dispatch_uid="rongmei.factor_removed")
    mfa_signals.authenticator_reset.connect(factor_reset, dispatch_uid="rongmei.factor_reset")
