"""Who may call the network room's addresses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from rongmei.kernel.ids import uuid7
from rongmei.network import joining
from rongmei.network.models import (
    ApiToken,
    Grant,
    Node,
    Notice,
    NoticeRoute,
    Peer,
    Received,
    RoleHolding,
)
from rongmei.network.testing import Cast, Route
from rongmei.network.types import PeerState, Role


def unit(code: str) -> Any:
    return lambda cast: {"unit_id": cast.unit(code).pk}


def person(username: str) -> Any:
    return lambda cast: {"member_id": cast.people[username].pk}


def holding(cast: Cast) -> dict[str, Any]:
    return {"holding_id": RoleHolding.objects.get(member=cast.people["yl.reporter"]).pk}


def grant(cast: Cast) -> dict[str, Any]:
    made, _new = Grant.objects.get_or_create(
        unit=cast.unit("yunling"), to_unit=cast.unit("jiangchuan"), permission="stories.view",
        defaults={"reason": "示例", "ends_at": timezone.now() + timedelta(days=9)},
    )  # fmt: skip
    return {"grant_id": made.pk}


def route(cast: Cast) -> dict[str, Any]:
    made, _new = NoticeRoute.objects.get_or_create(
        unit=cast.unit("yunling"), name="示例", kind="webhook",
        defaults={"url": "https://robot.invalid/x", "secret": "s"},
    )  # fmt: skip
    return {"route_id": made.pk}


def notice(cast: Cast) -> dict[str, Any]:
    made, _new = Notice.objects.get_or_create(
        member=cast.people["hq.reporter"], kind="x", title="示例", url="/desk/network/notices/"
    )
    return {"notice_id": made.pk}


def token(cast: Cast) -> dict[str, Any]:
    made, _new = ApiToken.objects.get_or_create(
        member=cast.people["hq.reporter"], name="示例", prefix="abcdefgh", digest="0" * 64
    )
    return {"token_id": made.pk}


def peer(cast: Cast) -> dict[str, Any]:
    made, _new = Peer.objects.get_or_create(
        node=Node.objects.get(slug="yunling"),
        defaults={"public_key": "", "state": PeerState.ACTIVE},
    )
    return {"peer_id": made.pk}


def with_verb(cast: Cast) -> dict[str, Any]:
    return {**peer(cast), "verb": "cut"}


def own_code(cast: Cast) -> dict[str, Any]:
    """An invitation to this very node, which cannot join itself."""
    return {"code": joining.peer_invite(by=cast["sysadmin"])}


def stuck(cast: Cast) -> dict[str, Any]:
    """A message of the other node that failed."""
    made = Received.objects.filter(type="test.said").first() or Received.objects.create(
        pk=uuid7(), peer_id=peer(cast)["peer_id"], seq=1, type="test.said", body={},
        state=Received.State.FAILED,
    )  # fmt: skip
    return {"message_id": made.pk}


def with_password(cast: Cast) -> dict[str, Any]:
    member = cast.people["hq.reporter"]
    if not member.has_usable_password():
        member.set_password("correct horse battery")
        member.save(update_fields=["password"])
    return {}


def reason(cast: Cast) -> dict[str, Any]:
    return {"reason": "示例"}


def one_more(role: Role) -> Any:
    def data(cast: Cast) -> dict[str, Any]:
        return {"role": role.value, "unit_id": str(cast.unit("yunling").pk), "confirm": "1"}

    return data


def grant_data(cast: Cast) -> dict[str, Any]:
    return {
        "unit_id": str(cast.unit("yunling").pk), "to_unit_id": str(cast.unit("jiangchuan").pk),
        "permission": "stories.view", "reason": "示例", "confirm": "1",
        "ends_on": (timezone.localdate() + timedelta(days=9)).isoformat(),
    }  # fmt: skip


def new_member(cast: Cast) -> dict[str, Any]:
    return {"username": "new.one", "name": "新人", "unit_id": str(cast.unit("yunling").pk)}


def new_unit(cast: Cast) -> dict[str, Any]:
    return {
        "code": "new-unit", "name": "新站", "kind": "station", "order": 5, "milestone": "planned",
        "parent_id": str(cast.unit("yunling").pk),
    }  # fmt: skip


def _admin_page(**more: Any) -> Route:
    """A page of the system administrator of the unit."""
    return Route(
        allowed=(("yl.sysadmin", 200), ("sysadmin", 200)),
        refused=(("yl.secadmin", 403), ("yl.auditor", 403), ("yl.reporter", 403)),
        **more,
    )


def _keeper(status: int, **more: Any) -> Route:
    """A button of the system administrator who keeps this node's lines."""
    return Route(
        method="POST",
        allowed=(("sysadmin", status),),
        refused=(("yl.sysadmin", 403), ("secadmin", 403), ("duty", 403)),
        **more,
    )


def _people_page(**more: Any) -> Route:
    """A page of accounts, for the system and the security administrator."""
    return Route(
        allowed=(("yl.sysadmin", 200), ("yl.secadmin", 200)),
        refused=(("yl.auditor", 403), ("yl.reporter", 403), ("planner", 403)),
        **more,
    )


OF_YUNLING = person("yl.reporter")
OF_ANOTHER = person("jc.reporter")

ROUTES: dict[str, Route | tuple[Route, ...]] = {
    # One's own.
    "network:settings": Route(signed_in=True),
    "network:tokens": Route(signed_in=True),
    "network:token_revoke": Route(
        args=token,
        method="POST",
        allowed=(("hq.reporter", 302),),
        refused=(("yl.sysadmin", 404), ("planner", 404)),
    ),
    "network:notices": Route(signed_in=True),
    "network:notices_bell": Route(signed_in=True),
    "network:notices_read": Route(method="POST", signed_in=True),
    "network:notice_open": Route(args=notice, method="POST", signed_in=True),
    "usersessions_list": Route(signed_in=True),
    # Units.
    "network:units": Route(
        allowed=(("yl.reporter", 200), ("auditor", 200)), refused=(("yl.nobody", 403),)
    ),
    "network:unit": Route(
        args=unit("yunling"), allowed=(("jc.reporter", 200),), refused=(("yl.nobody", 403),)
    ),
    "network:road": Route(
        allowed=(("yl.reporter", 200), ("planner", 200)), refused=(("yl.nobody", 403),)
    ),
    "network:road_change": (
        _admin_page(args=unit("shimenkan")),
        Route(
            method="POST",
            args=unit("shimenkan"),
            data=lambda cast: {"planned-planned_on": "2026-01-05"},
            allowed=(("yl.sysadmin", 302), ("sysadmin", 302)),
            refused=(("yl.secadmin", 403), ("yl.chief", 403)),
        ),
    ),
    "network:matrix": Route(allowed=(("yl.reporter", 200),), refused=(("yl.nobody", 403),)),
    "network:unit_add": (
        _admin_page(),
        Route(
            method="POST",
            data=new_unit,
            allowed=(("yl.sysadmin", 302),),
            refused=(("yl.secadmin", 403), ("yl.chief", 403)),
        ),
    ),
    "network:unit_change": (
        _admin_page(args=unit("shimenkan")),
        Route(
            args=unit("jiangchuan"), allowed=(("sysadmin", 200),), refused=(("yl.sysadmin", 403),)
        ),
    ),
    "network:unit_close": (
        _admin_page(args=unit("shimenkan")),
        Route(
            args=unit("jiangchuan"), allowed=(("sysadmin", 200),), refused=(("yl.sysadmin", 403),)
        ),
    ),
    # Members.
    "network:members": _people_page(),
    "network:member": (
        _people_page(args=OF_YUNLING),
        Route(
            args=OF_ANOTHER,
            allowed=(("sysadmin", 200),),
            refused=(("yl.sysadmin", 404), ("yl.secadmin", 404)),
        ),
    ),
    "network:member_add": (
        _admin_page(),
        Route(
            method="POST",
            data=new_member,
            allowed=(("yl.sysadmin", 200),),
            refused=(("yl.secadmin", 403), ("yl.chief", 403)),
        ),
    ),
    "network:member_change": (
        Route(
            args=OF_YUNLING,
            allowed=(("yl.sysadmin", 200),),
            refused=(("yl.secadmin", 403), ("yl.auditor", 403), ("yl.chief", 403)),
        ),
        Route(args=OF_ANOTHER, allowed=(("sysadmin", 200),), refused=(("yl.sysadmin", 404),)),
    ),
    "network:password_reset": (
        Route(
            args=OF_YUNLING,
            method="POST",
            allowed=(("yl.sysadmin", 200),),
            refused=(("yl.secadmin", 403), ("yl.chief", 403)),
        ),
        Route(
            args=OF_ANOTHER,
            method="POST",
            allowed=(("sysadmin", 200),),
            refused=(("yl.sysadmin", 404),),
        ),
    ),
    "network:member_disable": (
        Route(
            args=OF_YUNLING,
            method="POST",
            data=reason,
            allowed=(("yl.sysadmin", 302),),
            refused=(("yl.secadmin", 403), ("yl.chief", 403)),
        ),
        Route(args=OF_ANOTHER, allowed=(("sysadmin", 200),), refused=(("yl.sysadmin", 404),)),
    ),
    "network:member_enable": Route(
        args=OF_YUNLING,
        method="POST",
        allowed=(("yl.sysadmin", 302),),
        refused=(("yl.secadmin", 403), ("yl.chief", 403)),
    ),
    "network:factor_remove": Route(
        args=OF_YUNLING,
        method="POST",
        data=reason,
        allowed=(("yl.secadmin", 302),),
        refused=(("yl.sysadmin", 403), ("yl.chief", 403)),
    ),
    # Roles and grants.
    "network:role_grant": (
        Route(
            args=OF_YUNLING,
            method="POST",
            data=one_more(Role.PLANNER),
            allowed=(("yl.secadmin", 302),),
            refused=(("yl.sysadmin", 403), ("yl.auditor", 403), ("yl.chief", 403)),
        ),
        Route(args=OF_ANOTHER, allowed=(("secadmin", 200),), refused=(("yl.secadmin", 404),)),
    ),
    "network:role_revoke": Route(
        args=holding,
        method="POST",
        data=reason,
        allowed=(("yl.secadmin", 302),),
        refused=(("yl.sysadmin", 403), ("yl.chief", 403)),
    ),
    "network:grants": Route(
        allowed=(("yl.secadmin", 200),), refused=(("yl.sysadmin", 403), ("yl.chief", 403))
    ),
    "network:grant_give": (
        Route(allowed=(("yl.secadmin", 200),), refused=(("yl.sysadmin", 403), ("yl.chief", 403))),
        Route(
            method="POST",
            data=grant_data,
            allowed=(("yl.secadmin", 302),),
            refused=(("yl.sysadmin", 403),),
        ),
    ),
    "network:grant_revoke": Route(
        args=grant,
        method="POST",
        data=reason,
        allowed=(("yl.secadmin", 302),),
        refused=(("yl.sysadmin", 403), ("secadmin", 404)),
    ),
    # Audit.
    "network:audit": Route(
        allowed=(("yl.auditor", 200),),
        refused=(("yl.sysadmin", 403), ("yl.secadmin", 403), ("yl.chief", 403)),
    ),
    "network:audit_verify": Route(
        method="POST",
        allowed=(("yl.auditor", 200),),
        refused=(("sysadmin", 403), ("secadmin", 403)),
    ),
    "network:audit_export": Route(
        method="POST",
        allowed=(("yl.auditor", 200),),
        refused=(("sysadmin", 403), ("secadmin", 403)),
    ),
    # Ways out for notices.
    "network:routes": _admin_page(),
    "network:route_add": _admin_page(),
    "network:route_change": Route(
        args=route,
        allowed=(("yl.sysadmin", 200),),
        refused=(("yl.secadmin", 403), ("sysadmin", 404)),
    ),
    "network:route_remove": Route(
        args=route,
        method="POST",
        allowed=(("yl.sysadmin", 302),),
        refused=(("yl.secadmin", 403), ("sysadmin", 404)),
    ),
    "network:route_try": Route(
        args=route,
        method="POST",
        allowed=(("yl.sysadmin", 302),),
        refused=(("yl.secadmin", 403), ("sysadmin", 404)),
    ),
    # Import.
    "network:import": _admin_page(),
    "network:import_confirm": Route(
        method="POST",
        allowed=(("yl.sysadmin", 409),),
        refused=(("yl.secadmin", 403), ("yl.chief", 403)),
    ),
    "network:import_template": _admin_page(),
    # Lines to other nodes: seen by everybody, kept by the system administrator of this node.
    "network:peers": Route(allowed=(("yl.reporter", 200),), refused=(("yl.nobody", 403),)),
    "network:peer": Route(
        args=peer, allowed=(("yl.reporter", 200),), refused=(("yl.nobody", 403),)
    ),
    "network:peer_invite": _keeper(200),
    "network:peer_join": _keeper(409, data=own_code),
    "network:peer_change": _keeper(302, args=with_verb),
    "network:peer_revoke": _keeper(302, args=peer, data=reason),
    "network:message_replay": _keeper(302, args=stuck),
    "network:message_dismiss": _keeper(302, args=stuck, data=reason),
    # Between nodes.
    "exchange_hello": Route(
        method="POST", public="nodes prove themselves by signature or invitation"
    ),
    "exchange_inbox": Route(method="POST", public="nodes prove themselves by signature"),
    "exchange_outbox": Route(public="nodes prove themselves by signature"),
    # Signing in.
    "account_login": Route(public="the door itself"),
    "account_logout": Route(public="sends strangers to the portal"),
    "account_inactive": Route(public="says that an account is closed; holds no data"),
    "mfa_authenticate": Route(public="the second step at the door; only with the first one done"),
    "account_reauthenticate": Route(args=with_password, signed_in=True),
    "account_change_password": Route(args=with_password, signed_in=True),
    "mfa_index": Route(signed_in=True),
    "mfa_reauthenticate": Route(allowed=(("hq.reporter", 403),), signed_in=True),
    "mfa_activate_totp": Route(signed_in=True),
    # Without a second factor there is nothing to see or to take away.
    "mfa_deactivate_totp": Route(allowed=(("hq.reporter", 404),), signed_in=True),
    "mfa_view_recovery_codes": Route(allowed=(("hq.reporter", 404),), signed_in=True),
    "mfa_generate_recovery_codes": Route(signed_in=True),
    "mfa_download_recovery_codes": Route(allowed=(("hq.reporter", 404),), signed_in=True),
    # API.
    "api:me": Route(signed_in=True),
    "api:road": Route(allowed=(("yl.reporter", 200),), refused=(("yl.nobody", 403),)),
    "api:units": Route(allowed=(("yl.reporter", 200),), refused=(("yl.nobody", 403),)),
    "api:members": Route(
        allowed=(("yl.sysadmin", 200), ("yl.secadmin", 200)),
        refused=(("yl.auditor", 403), ("planner", 403)),
    ),
    "api:member_add": Route(
        method="POST",
        data=new_member,
        allowed=(("yl.sysadmin", 201),),
        refused=(("yl.secadmin", 403), ("planner", 403)),
    ),
    "api:member_disable": Route(
        args=OF_YUNLING,
        method="POST",
        data=reason,
        allowed=(("yl.sysadmin", 200),),
        refused=(("yl.secadmin", 403), ("planner", 403)),
    ),
    "api:notices": Route(signed_in=True),
    "api:notices_read": Route(method="POST", signed_in=True),
    "api:audit": Route(
        allowed=(("yl.auditor", 200),), refused=(("sysadmin", 403), ("planner", 403))
    ),
    "api:audit_verify": Route(
        method="POST", allowed=(("yl.auditor", 200),), refused=(("sysadmin", 403), ("planner", 403))
    ),
    "api:tokens": Route(signed_in=True),
    "api:token_create": Route(method="POST", data=lambda cast: {"name": "示例"}, signed_in=True),
    "api:token_revoke": Route(
        args=token, method="DELETE", allowed=(("hq.reporter", 204),), refused=(("planner", 404),)
    ),
}
