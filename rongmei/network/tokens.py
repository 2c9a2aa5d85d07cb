"""Keys to /api/v1/: made once, kept as a hash, checked on each call."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja.security import HttpBearer
from typing_extensions import override

from rongmei.kernel import context, db
from rongmei.kernel.errors import NotAllowed
from rongmei.network.models import ApiToken, Member

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_USED_EVERY = timedelta(minutes=5)


def make_secret() -> tuple[str, str, str]:
    """Return (token as shown once, prefix for finding it, digest to keep)."""
    prefix = secrets.token_hex(4)
    token = f"rm_{prefix}_{secrets.token_urlsafe(32)}"
    return token, prefix, hashlib.sha256(token.encode()).hexdigest()


def find(token: str) -> ApiToken | None:
    """The live token with this secret, or None."""
    parts = token.split("_", 2)
    if len(parts) != 3 or parts[0] != "rm":
        return None
    now = timezone.now()
    live = Q(expires_at=None) | Q(expires_at__gt=now)
    row = (
        ApiToken.objects.filter(live, prefix=parts[1], revoked_at=None, member__is_active=True)
        .select_related("member", "member__unit")
        .first()
    )
    digest = hashlib.sha256(token.encode()).hexdigest()
    return row if row and secrets.compare_digest(row.digest, digest) else None


def _used(row: ApiToken) -> None:
    """Note the use, every few minutes: a read should not wait for writers each time."""
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at > _USED_EVERY:
        with db.write():
            ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)


class TokenAuth(HttpBearer):
    """`Authorization: Bearer rm_…`; a read-only token may only GET."""

    @override
    def authenticate(self, request: HttpRequest, token: str) -> Member | None:
        """Return the member whose token this is; refuse a write with a read-only token."""
        row = find(token)
        if row is None:
            return None
        if row.read_only and request.method not in _SAFE:
            raise NotAllowed(_("这个令牌只能读取，未做任何改动。请换用可写的令牌。"))
        if row.member.must_change_password:
            raise NotAllowed(
                _("首次登录须先修改密码，本次请求没有执行。请在网页上修改密码后再试。")
            )
        _used(row)
        request.user = row.member
        context.set_current(
            context.Context(actor_id=row.member.pk, actor=str(row.member), ip=context.current().ip)
        )
        return row.member


def member_of(request: HttpRequest) -> Member:
    """The member behind an API request; `auth` has made sure there is one."""
    member: Any = request.user
    if not isinstance(member, Member):
        raise NotAllowed
    return member
