"""我的: one's own settings, tokens, sessions, notices."""

from __future__ import annotations

import uuid

from allauth.account import views as account_views
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.network import actions, selectors
from rongmei.network.actions import members, tokens
from rongmei.network.errors import NoPassword
from rongmei.network.forms import ProfileForm, TokenForm
from rongmei.network.guard import SIGNED_IN, MemberRequest, page

_NOTICES_A_PAGE = 40


@page(SIGNED_IN)
def settings_page(request: MemberRequest) -> HttpResponse:
    """Name, language, quiet hours, mail."""
    # A copy: a form with errors must not leave them on the member that the shell shows.
    own = selectors.member_afresh(request.user)
    form = ProfileForm(request.POST or None, instance=own)
    if request.method == "POST" and form.is_valid():
        members.profile_change(by=request.user, fields=form.cleaned_data)
        messages.success(request, _("已保存"))
        answer = redirect("network:settings")
        language = form.cleaned_data["language"]
        if language:
            answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax")
        else:
            answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return answer
    shown = {"form": form, "tab": "profile", "has_totp": is_mfa_enabled(request.user)}
    return render(request, "network/settings.html", shown, status=422 if form.errors else 200)


@page(SIGNED_IN)
def password_page(request: MemberRequest) -> HttpResponse:
    """Change one's password; who signs in through the group's own sign-on has none here."""
    if not request.user.has_usable_password():
        raise NoPassword
    answer: HttpResponse = account_views.password_change(request)
    return answer


@page(SIGNED_IN)
def tokens_page(request: MemberRequest) -> HttpResponse:
    """One's API tokens; a new one is shown this once."""
    form = TokenForm(request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        made = tokens.token_create(
            by=request.user,
            name=form.cleaned_data["name"],
            read_only=not form.cleaned_data["writable"],
            days=form.cleaned_data["days"],
        )
        form = TokenForm()
    shown = {
        "form": form,
        "made": made,
        "tokens": selectors.tokens_of(request.user)[:50],
        "tab": "tokens",
    }
    return render(request, "network/tokens.html", shown, status=422 if form.errors else 200)


@page(SIGNED_IN)
@require_POST
def token_revoke(request: MemberRequest, token_id: uuid.UUID) -> HttpResponse:
    """Take a token back."""
    tokens.token_revoke(by=request.user, token_id=token_id)
    messages.success(request, _("已撤销，使用它的程序不能再访问"))
    return redirect("network:tokens")


@page(SIGNED_IN)
def sessions_page(request: MemberRequest) -> HttpResponse:
    """Where one is signed in; sign out the others."""
    if request.method == "POST":
        ended = members.sessions_end_others(
            by=request.user, keep_session=request.session.session_key
        )
        messages.success(request, _("已退出其他 %(n)d 处登录") % {"n": ended})
        return redirect("usersessions_list")
    rows = selectors.sessions_of(request.user)[:100]
    shown = {"sessions": rows, "this": request.session.session_key, "tab": "sessions"}
    return render(request, "network/sessions.html", shown)


@page(SIGNED_IN)
@require_safe
def notices_page(request: MemberRequest) -> HttpResponse:
    """One's notices, unread first asked for."""
    rows = selectors.notices_of(request.user)
    everything = request.GET.get("show") == "all"
    if not everything:
        rows = rows.filter(read_at=None)
    found = Paginator(rows, _NOTICES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "network/notices.html", {"page": found, "everything": everything})


@page(SIGNED_IN)
@require_safe
def notices_bell(request: MemberRequest) -> HttpResponse:
    """The newest unread notices, as a fragment for the bell."""
    return _bell(request)


def _bell(request: MemberRequest) -> HttpResponse:
    rows = selectors.notices_of(request.user).filter(read_at=None)[:8]
    shown = {"notices": rows, "unread": selectors.unread_count(request.user)}
    return render(request, "network/_bell.html", shown)


@page(SIGNED_IN)
@require_POST
def notice_open(request: MemberRequest, notice_id: uuid.UUID) -> HttpResponse:
    """Mark one notice read and go where it leads."""
    found = selectors.notices_of(request.user).filter(pk=notice_id).first()
    actions.notices_read(by=request.user, ids=[notice_id])
    url = found.url if found else ""
    if url_has_allowed_host_and_scheme(
        url, {request.get_host()}, require_https=request.is_secure()
    ):
        return HttpResponseRedirect(url)
    return redirect("network:notices")


@page(SIGNED_IN)
@require_POST
def notices_read(request: MemberRequest) -> HttpResponse:
    """Mark the chosen notices read, or all."""
    ids = []
    for text in request.POST.getlist("ids"):
        try:
            ids.append(uuid.UUID(text))
        except ValueError:
            continue
    everything = request.POST.get("all") == "1"
    actions.notices_read(by=request.user, ids=None if everything else ids)
    if request.htmx:
        return _bell(request)
    return redirect(reverse("network:notices"))
