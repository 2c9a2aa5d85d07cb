"""Verbs on API tokens: made by their member, shown once, taken back at any time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import policy, tokens
from rongmei.network.errors import TooManyTokens
from rongmei.network.models import ApiToken, Member

MOST_DAYS: Final = 365
MOST_TOKENS: Final = 20


@dataclass(frozen=True)
class NewToken:
    """A token's row and the secret that is shown this once."""

    token: ApiToken
    secret: str


def token_create(*, by: Member, name: str, read_only: bool = True, days: int = 90) -> NewToken:
    """Make a token for oneself, good for 1 to 365 days."""
    if not name.strip() or not 1 <= days <= MOST_DAYS:
        raise BadInput(_("令牌要有名称，有效期为 1 到 365 天。未新建。"))
    secret, prefix, digest = tokens.make_secret()
    now = timezone.now()
    with db.write():
        Member.objects.select_for_update().get(pk=by.pk)
        live = Q(expires_at=None) | Q(expires_at__gt=now)
        if ApiToken.objects.filter(live, member=by, revoked_at=None).count() >= MOST_TOKENS:
            raise TooManyTokens
        token = ApiToken.objects.create(
            member=by, name=name.strip()[:60], prefix=prefix, digest=digest,
            read_only=read_only, expires_at=now + timedelta(days=days),
        )  # fmt: skip
        audit.record(by, "token.created", token, read_only=read_only, days=days)
    return NewToken(token, secret)


def token_revoke(*, by: Member, token_id: uuid.UUID) -> ApiToken:
    """Take a token back: one's own, or one of a member whose account one manages."""
    with db.write():
        token = (
            ApiToken.objects.select_for_update(of=("self",))
            .select_related("member")
            .filter(pk=token_id)
            .first()
        )
        if token is None:
            raise NotFound
        if token.member_id != by.pk and not policy.allows(
            by, "network.manage_members", token.member
        ):
            raise NotFound
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at", "updated_at"])
            audit.record(by, "token.revoked", token)
    return token
