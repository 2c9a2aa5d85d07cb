"""互联状态: the lines to other nodes, what failed on them, and the keeper's buttons."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from rongmei.kernel.errors import BadInput
from rongmei.network import federation, joining, lines, policy, signing
from rongmei.network.guard import MemberRequest, page
from rongmei.network.models import Received

_PAGE = 50
_VERBS: Final = {
    "cut": (federation.peer_cut, gettext_lazy("线路已断开，消息留在发件箱。")),
    "mend": (federation.peer_mend, gettext_lazy("线路已恢复，积压的消息正在续传。")),
    "pause": (federation.peer_pause, gettext_lazy("互联已暂停。")),
    "resume": (federation.peer_resume, gettext_lazy("互联已恢复。")),
}


def _keeps(request: MemberRequest) -> bool:
    return policy.allows(request.user, "network.manage_peers", federation.keeper_unit_id())


@require_GET
@page("network.view")
def peers(request: MemberRequest) -> HttpResponse:
    """Every line with its lag and failures."""
    shown = {"lines": lines.all_lines(), "keeps": _keeps(request), **_own()}
    return render(request, "network/peers.html", shown)


def _own() -> dict[str, Any]:
    return {
        "fingerprint": signing.fingerprint(signing.public_text()),
        "skew_minutes": int(signing.CLOCK_SKEW.total_seconds() // 60),
    }


@require_GET
@page("network.view")
def peer(request: MemberRequest, peer_id: uuid.UUID) -> HttpResponse:
    """One line: state, what failed, messages by type, the log."""
    line = lines.line_of(peer_id)
    chosen = request.GET.get("log", "in")
    rows: Any = lines.sent_to(line.peer) if chosen == "out" else lines.received_from(line.peer)
    kind = request.GET.get("type", "")
    if kind:
        rows = rows.filter(type=kind)
    failed = lines.received_from(line.peer).filter(state__in=lines.STUCK)
    shown = {
        "line": line,
        "peer": line.peer,
        "keeps": _keeps(request),
        "fingerprint": signing.fingerprint(line.peer.public_key),
        "failed": failed.order_by("seq")[:100],
        "types": lines.types_of(line.peer),
        "log": chosen,
        "rows": Paginator(rows, _PAGE).get_page(request.GET.get("page")),
        "skew": None
        if line.peer.clock_skew is None
        else _("%(seconds)s 秒") % {"seconds": line.peer.clock_skew},
        "witness": f"#{line.peer.their_audit_seq} {line.peer.their_audit_head[:12]}"
        if line.peer.their_audit_seq
        else None,
        "failed_state": Received.State.FAILED,
    }
    return render(request, "network/peer.html", shown)


@require_POST
@page("network.manage_peers")
def peer_change(request: MemberRequest, peer_id: uuid.UUID, verb: str) -> HttpResponse:
    """Cut, mend, pause or resume the line."""
    if verb not in _VERBS:
        raise BadInput
    act, words = _VERBS[verb]
    act(by=request.user, peer_id=peer_id)
    messages.success(request, str(words))
    return redirect("network:peer", peer_id)


@require_POST
@page("network.manage_peers")
def peer_revoke(request: MemberRequest, peer_id: uuid.UUID) -> HttpResponse:
    """End the peering, with a reason."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise BadInput(_("解除互联要写明原因，未做改动。"))
    federation.peer_revoke(by=request.user, peer_id=peer_id, reason=reason)
    return redirect("network:peer", peer_id)


@require_POST
@page("network.manage_peers")
def message_replay(request: MemberRequest, message_id: uuid.UUID) -> HttpResponse:
    """Try a failed message again."""
    row = federation.message_replay(by=request.user, received_id=message_id)
    if row.state == Received.State.APPLIED:
        messages.success(request, _("消息已生效。"))
    else:
        messages.error(request, _("重放后仍未生效，消息已留存：%(why)s") % {"why": row.error})
    return redirect("network:peer", row.peer_id)


@require_POST
@page("network.manage_peers")
def message_dismiss(request: MemberRequest, message_id: uuid.UUID) -> HttpResponse:
    """Give a failed message up, with a reason."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise BadInput(_("放弃一条消息要写明原因，未做改动。"))
    row = federation.message_dismiss(by=request.user, received_id=message_id, reason=reason)
    return redirect("network:peer", row.peer_id)


@require_POST
@page("network.manage_peers")
def invite(request: MemberRequest) -> HttpResponse:
    """Show a fresh invitation code, once."""
    code = joining.peer_invite(by=request.user)
    shown = {"lines": lines.all_lines(), "keeps": True, "code": code, **_own()}
    return render(request, "network/peers.html", shown)


@require_POST
@page("network.manage_peers")
def join(request: MemberRequest) -> HttpResponse:
    """Join another node by its invitation code."""
    found = joining.peer_join(
        by=request.user, code=request.POST.get("code", ""), under=request.POST.get("under", "")
    )
    messages.success(request, _("已与%(node)s互联。") % {"node": found.node.name})
    return redirect("network:peer", found.pk)


patterns: list[URLPattern] = [
    path("peers/", peers, name="peers"),
    path("peers/invite/", invite, name="peer_invite"),
    path("peers/join/", join, name="peer_join"),
    path("peers/<uuid:peer_id>/", peer, name="peer"),
    path("peers/<uuid:peer_id>/revoke/", peer_revoke, name="peer_revoke"),
    path("peers/<uuid:peer_id>/<slug:verb>/", peer_change, name="peer_change"),
    path("peers/messages/<uuid:message_id>/replay/", message_replay, name="message_replay"),
    path("peers/messages/<uuid:message_id>/dismiss/", message_dismiss, name="message_dismiss"),
]
