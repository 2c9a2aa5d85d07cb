"""Files handed over: by people in the workbench, by other systems with the source's key."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Iterator
from time import time
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import NotFound, RongmeiError, words_at_form
from rongmei.network import policy
from rongmei.network.guard import MemberRequest, page
from rongmei.sources import actions, forms, selectors, spool
from rongmei.sources.readers import SUFFIXES

if TYPE_CHECKING:
    from rongmei.sources.models import Source

MAX_PUSH: Final = 10 * 1024 * 1024
MAX_FILES: Final = 50
# A signed push is good for five minutes: long enough for a slow line and a clock that is off.
SKEW_SECONDS: Final = 300
_BEARER: Final = "bearer"
_PIECE: Final = 256 * 1024
_NAMES: Final = {
    "application/json": "push.json", "application/x-ndjson": "push.jsonl", "text/csv": "push.csv",
    "application/xml": "push.xml", "text/xml": "push.xml", "application/rss+xml": "push.xml",
    "application/zip": "push.zip", "message/rfc822": "push.eml",
}  # fmt: skip


def _pieces(file: UploadedFile[Any]) -> Iterator[bytes]:
    yield from file.chunks(_PIECE)


def _take(request: MemberRequest, source_id: uuid.UUID) -> None:
    """Keep the files of a form and say how many; each word of refusal is shown."""
    given = request.FILES.getlist("files")[:MAX_FILES]
    if not given:
        messages.error(request, _("没有收到文件。请先选择文件再交。"))
        return
    count = actions.files_hand_over(
        by=request.user, source_id=source_id,
        files=[(one.name or "file", _pieces(one)) for one in given],
    )  # fmt: skip
    messages.success(
        request, _("收到 %(count)s 份文件，几秒后读完，结果见读取记录。") % {"count": count}
    )


@page("sources.manage")
def hand_in(request: MemberRequest) -> HttpResponse:
    """Choose files, and they are in the archive a moment later: the unit's own source takes them."""
    held = selectors.hand_in_of(request.user)
    if request.method == "POST":
        source = actions.drop_for(by=request.user, unit_id=request.user.unit_id)
        _take(request, source.pk)
        return redirect("sources:detail", source.pk)
    may = policy.allows(request.user, "sources.manage", request.user.unit_id)
    shown = {"source": held, "accept": ",".join(SUFFIXES), "may": may}
    return render(request, "sources/hand_in.html", shown)


@page("sources.manage")
def add(request: MemberRequest, way: str) -> HttpResponse:
    """A new source that is not a website: a place for files and pushes, or a mailbox."""
    kind = forms.WAYS.get(way)
    if kind is None:
        raise NotFound
    inside = policy.anywhere(request.user, "sources.mark_internal")
    form = kind(
        request.POST or None, initial={"unit_id": request.user.unit_id},
        units=selectors.units_to_manage(request.user), may_be_internal=inside,
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        unit_id, internal = fields.pop("unit_id"), bool(fields.pop("internal", False))
        if internal:
            policy.require(request.user, "sources.mark_internal", unit_id)
        try:
            source = actions.source_add(by=request.user, unit_id=unit_id, **fields)
            if internal:
                actions.source_mark_internal(by=request.user, source_id=source.pk, internal=True)
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
        else:
            messages.success(request, _("已添加"))
            return redirect("sources:detail", source.pk)
    shown = {"form": form, "way": way}
    return render(request, "sources/add_other.html", shown, status=422 if form.errors else 200)


@page("sources.manage")
@require_POST
def files(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """Hand files to one source."""
    selectors.source_for(request.user, source_id)
    _take(request, source_id)
    return redirect("sources:detail", source_id)


@page("sources.manage")
@require_POST
def secret(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """Set the mailbox's password, or make a new key for pushing and show it once."""
    source = selectors.source_for(request.user, source_id)
    given = request.POST.get("secret", "")
    if source.kind == "mail" and not given:
        messages.error(request, _("没有填写密码，没有改动。"))
        return redirect("sources:detail", source_id)
    made = actions.source_secret_set(by=request.user, source_id=source_id, secret=given)
    if source.kind == "mail":
        messages.success(request, _("已保存密码，马上读取"))
        return redirect("sources:detail", source_id)
    source.refresh_from_db()
    answer = render(request, "sources/key.html", {"source": source, "key": made})
    answer["Cache-Control"] = "no-store"
    return answer


@page("sources.manage")
def refused(request: MemberRequest, source_id: uuid.UUID, key: str) -> HttpResponse | FileResponse:
    """GET: the refused file as it came. POST: read it again, or remove it."""
    source = selectors.source_for(request.user, source_id)
    policy.require(request.user, "sources.manage", source)
    if request.method == "POST":
        again = request.POST.get("do") != "discard"
        actions.refused_file_deal(by=request.user, source_id=source_id, key=key, again=again)
        messages.success(request, _("已放回，几秒后重读") if again else _("已删除这份文件"))
        return redirect("sources:detail", source_id)
    held = spool.find_refused(source_id, key)
    if held is None:
        raise NotFound
    # Never shown in the page: it may be anything.
    answer: Any = FileResponse(
        held.path.open("rb"), as_attachment=True, filename=held.name,
        content_type="application/octet-stream",
    )  # fmt: skip
    return answer  # type: ignore[no-any-return] # the guard's type knows whole answers only


@csrf_exempt
@require_POST
def push(request: HttpRequest, source_id: uuid.UUID) -> JsonResponse:
    """Take one file from another system; 202 once it is on the disk.

    The key as `Authorization: Bearer …`, or `X-Rongmei-Timestamp` (seconds since 1970) and
    `X-Rongmei-Signature: sha256=HMAC-SHA256(key, timestamp + "." + body)` in hex. The body is the
    file; `X-Filename` names it. A source that is not there, or a wrong key, is 404.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_PUSH:
        return _said(413, _("一次推送最多 10 MB,没有收下。请分开推送，或由人上传。"))
    source = selectors.drop_source(source_id)
    body = request.body
    if source is None or not (mark := _mark_of_keyholder(request, source, body)):
        return _said(404, _("没有这个推送地址，或密钥不对。没有收下。请核对地址和密钥。"))
    if not body:
        return _said(400, _("推送的内容是空的，没有收下。"))
    name = request.headers.get("X-Filename", "") or _NAMES.get(request.content_type or "", "push")
    try:
        kept = actions.file_pushed(
            source_id=source_id,
            name=name,
            body=body,
            ip=request.META.get("REMOTE_ADDR", ""),
            mark="" if mark == _BEARER else mark,
        )
    except RongmeiError as error:
        return _said(error.status, str(error.message))
    return JsonResponse({"kept": kept}, status=202)


def _said(status: int, words: str) -> JsonResponse:
    return JsonResponse(
        {"message": words}, status=status, json_dumps_params={"ensure_ascii": False}
    )


def _mark_of_keyholder(request: HttpRequest, source: Source, body: bytes) -> str:
    """Empty unless the caller holds a key; else `_BEARER`, or what names this signed push."""
    keys = selectors.keys_of(source)
    kind, _mark, key = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        given = key.strip()
        return _BEARER if any(constant_time_compare(given, one) for one in keys) else ""
    stamp = request.headers.get("X-Rongmei-Timestamp", "")
    try:
        fresh = abs(time() - int(stamp)) <= SKEW_SECONDS
    except ValueError:
        return ""
    given = request.headers.get("X-Rongmei-Signature", "")
    signed = stamp.encode() + b"." + body
    digests = [hmac.new(one.encode(), signed, "sha256").hexdigest() for one in keys]
    fits = any(constant_time_compare(given, f"sha256={one}") for one in digests)
    if not fresh or not fits:
        return ""
    return hashlib.sha256(f"{source.pk}:{given}".encode()).hexdigest()
