"""Units and people from a sheet: upload, a dry run's report, confirm."""

from __future__ import annotations

import hashlib
import io
import time
import uuid
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.kernel.errors import Conflict
from rongmei.network import policy, sheets
from rongmei.network.errors import BadSheet
from rongmei.network.forms import SheetForm
from rongmei.network.guard import MemberRequest, page

_SALT: Final = "network.import"
_KEPT_SECONDS: Final = 3600
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _folder() -> Path:
    folder: Path = settings.RONGMEI_NODE.data / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.glob("*.xlsx"):
        if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
            old.unlink(missing_ok=True)
    return folder


def _require(request: MemberRequest) -> None:
    policy.require(request.user, "network.manage_units")


@page("network.manage_members")
def import_page(request: MemberRequest) -> HttpResponse:
    """Upload a sheet; see what every row would do."""
    _require(request)
    form = SheetForm(request.POST or None, request.FILES or None)
    report, token = None, ""
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["sheet"]
        try:
            if upload.size > sheets.MOST_BYTES:
                raise BadSheet(_("表格超过 5 MB,未导入任何内容。请拆成几份再传。"))
            content = upload.read()
            report = sheets.run(content, by=request.user, dry_run=True)
        except BadSheet as error:
            form.add_error("sheet", error.message)
        else:
            name = f"{uuid.uuid4()}.xlsx"
            (_folder() / name).write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            token = signing.dumps([str(request.user.pk), name, digest], salt=_SALT)
    shown = {"form": form, "report": report, "token": token}
    return render(request, "network/import.html", shown, status=422 if form.errors else 200)


@page("network.manage_members")
@require_POST
def import_confirm(request: MemberRequest) -> HttpResponse:
    """Import what was shown, and show the one-time passwords once."""
    _require(request)
    lost = Conflict(_("要导入的表格已过期或不在了，未导入任何内容。请重新上传。"))
    try:
        owner, name, digest = signing.loads(
            request.POST.get("token", ""), salt=_SALT, max_age=_KEPT_SECONDS
        )
    except signing.BadSignature as error:
        raise lost from error
    path = _folder() / name
    if owner != str(request.user.pk) or not path.exists():
        raise lost
    content = path.read_bytes()
    path.unlink(missing_ok=True)
    if hashlib.sha256(content).hexdigest() != digest:
        raise lost
    report = sheets.run(content, by=request.user)
    return render(
        request, "network/import.html", {"form": SheetForm(), "report": report, "token": ""}
    )


@page("network.manage_members")
@require_safe
def import_template(request: MemberRequest) -> HttpResponse:
    """The empty sheet to fill in."""
    buffer = io.BytesIO()
    sheets.write_template(buffer)
    answer = HttpResponse(buffer.getvalue(), content_type=_XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="rongmei-import.xlsx"'
    return answer
