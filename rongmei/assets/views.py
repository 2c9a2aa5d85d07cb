"""Pages of the assets room: the unit's pictures, videos and recordings, one of them, upload."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rongmei.assets import actions, selectors
from rongmei.assets.forms import PictureForm
from rongmei.assets.models import Clip
from rongmei.kernel.errors import RongmeiError
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.guard import MemberRequest, page

PAGE_SIZE = 48


@page("assets.view")
def picture_list(request: MemberRequest) -> HttpResponse:
    """Pictures of the units in reach, with search and filters in the address."""
    began = time.perf_counter()
    rows = selectors.pictures_visible_to(request.user).prefetch_related("renditions")
    words = request.GET.get("q", "").strip()
    for word in words.split()[:5]:
        rows = rows.filter(
            Q(title__icontains=word) | Q(caption__icontains=word) | Q(credit__icontains=word)
        )
    if request.GET.get("aigc") == "yes":
        rows = rows.exclude(aigc="")
    if request.GET.get("mine"):
        rows = rows.filter(uploaded_by_user=request.user)
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    cards = [(one, selectors.rendition_of(one, "fill-320x214")) for one in found]
    return render(
        request,
        "assets/list.html",
        {
            "page": found, "cards": cards, "words": words,
            "took_ms": round((time.perf_counter() - began) * 1000),
            "may_upload": policy.anywhere(request.user, "assets.upload"),
        },
    )  # fmt: skip


@page("assets.view")
def picture_detail(request: MemberRequest, uid: uuid.UUID) -> HttpResponse:
    """One picture with its facts."""
    picture = selectors.picture_for(request.user, uid)
    shown = {"picture": picture, "large": selectors.rendition_of(picture, "max-1200x1200")}
    return render(request, "assets/detail.html", shown)


@page("assets.view")
def clip_list(request: MemberRequest) -> HttpResponse:
    """Videos and recordings of the units in reach, with search and filters in the address."""
    began = time.perf_counter()
    rows = selectors.clips_visible_to(request.user)
    words = request.GET.get("q", "").strip()
    for word in words.split()[:5]:
        rows = rows.filter(
            Q(title__icontains=word) | Q(caption__icontains=word) | Q(credit__icontains=word)
        )
    if request.GET.get("kind") in Clip.Kind.values:
        rows = rows.filter(kind=request.GET["kind"])
    if request.GET.get("mine"):
        rows = rows.filter(added_by_id=request.user.pk)
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "assets/clips.html",
        {
            "page": found, "words": words, "kinds": Clip.Kind.choices,
            "took_ms": round((time.perf_counter() - began) * 1000),
            "may_upload": policy.anywhere(request.user, "assets.upload"),
        },
    )  # fmt: skip


@page("assets.view")
def clip_detail(request: MemberRequest, clip_id: uuid.UUID) -> HttpResponse:
    """One video or recording with its facts, playing."""
    clip = selectors.clip_for(request.user, clip_id)
    shown = {"clip": clip, "address": selectors.clip_address(clip)}
    return render(request, "assets/clip.html", shown)


def _taken_in(request: MemberRequest, form: PictureForm) -> list[str]:
    """Take in every file that was sent, each as what it is; addresses of those that were kept."""
    names = ("title", "caption", "credit", "source", "rights", "aigc")
    facts = {key: form.cleaned_data[key] for key in names}
    facts |= {"by": request.user, "unit_id": form.cleaned_data["unit"].pk}
    kept: list[str] = []
    for file in request.FILES.getlist("file")[:20]:
        # A clip says nothing of itself: without a name it keeps that of its file.
        named = {**facts, "title": facts["title"] or Path(file.name or "").stem}
        try:
            if actions.is_clip(file):
                clip = actions.clip_add(file=file, **named)
                kept.append(reverse("assets:clip", args=[clip.pk]))
            else:
                picture = actions.picture_add(file=file, **facts)
                kept.append(reverse("assets:picture", args=[picture.uid]))
        except RongmeiError as refused:
            form.add_error("file", f"{file.name}:{refused.message}")
    return kept


@page("assets.upload")
def upload(request: MemberRequest) -> HttpResponse:
    """Upload one or several pictures, videos or recordings with the same facts."""
    units = network.units_in_reach(request.user, "assets.upload")
    form = PictureForm(request.POST or None, request.FILES or None, units=units)
    if request.method == "POST" and form.is_valid():
        added = _taken_in(request, form)
        if added:
            messages.success(request, _("已收入 %(n)s 个文件。") % {"n": len(added)})
        if form.is_valid() and added:
            return redirect(added[0] if len(added) == 1 else reverse("assets:list"))
    status = 422 if form.errors else 200
    return render(request, "assets/upload.html", {"form": form}, status=status)
