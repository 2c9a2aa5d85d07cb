"""Pages of the assets room: the unit's pictures, one picture, upload."""

from __future__ import annotations

import time
import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from rongmei.assets import actions, selectors
from rongmei.assets.forms import PictureForm
from rongmei.assets.models import Picture
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


@page("assets.upload")
def picture_upload(request: MemberRequest) -> HttpResponse:
    """Upload one or several pictures with the same facts."""
    units = network.units_in_reach(request.user, "assets.upload")
    form = PictureForm(request.POST or None, request.FILES or None, units=units)
    if request.method == "POST" and form.is_valid():
        fields = {
            key: form.cleaned_data[key]
            for key in ("title", "caption", "credit", "source", "rights", "aigc")
        }
        added: list[Picture] = []
        for file in request.FILES.getlist("file")[:20]:
            try:
                added.append(
                    actions.picture_add(
                        by=request.user, unit_id=form.cleaned_data["unit"].pk, file=file, **fields
                    )
                )
            except RongmeiError as refused:
                form.add_error("file", f"{file.name}:{refused.message}")
        if added:
            messages.success(request, _("已收入 %(n)s 张图片。") % {"n": len(added)})
        if form.is_valid() and added:
            if len(added) == 1:
                return redirect("assets:picture", uid=added[0].uid)
            return redirect("assets:list")
    status = 422 if form.errors else 200
    return render(request, "assets/upload.html", {"form": form}, status=status)
