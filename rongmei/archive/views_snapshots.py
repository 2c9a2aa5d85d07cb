"""Pages of snapshots: what the server gave, shown as text. Nothing of it is ever run."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rongmei.archive import selectors, snapshots
from rongmei.network.guard import MemberRequest, page
from rongmei.sources.collectors.encoding import decode

SHOWN = 200_000
# Not even a browser that takes text for a page runs, loads or frames anything of it.
_SHUT = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


@page("archive.view")
@require_safe
def snapshot(
    request: MemberRequest, document_id: uuid.UUID, snapshot_id: uuid.UUID
) -> HttpResponse:
    """A snapshot: where it came from, what the server said, its source as text."""
    document = selectors.document_for(request.user, document_id)
    held = snapshots.one_of(document, snapshot_id)
    kept = snapshots.opened(held)
    read = decode(kept.body, content_type=kept.header("content-type"))
    shown = {
        "document": document, "snapshot": held, "kept": kept, "text": read.text[:SHOWN],
        "cut": len(read.text) > SHOWN, "encoding": read.encoding,
    }  # fmt: skip
    return render(request, "archive/snapshot.html", shown)


@page("archive.view")
@require_safe
def body(request: MemberRequest, document_id: uuid.UUID, snapshot_id: uuid.UUID) -> HttpResponse:
    """The whole of what the server gave, as plain text in UTF-8."""
    document = selectors.document_for(request.user, document_id)
    kept = snapshots.opened(snapshots.one_of(document, snapshot_id))
    read = decode(kept.body, content_type=kept.header("content-type"))
    return HttpResponse(read.text, content_type="text/plain; charset=utf-8", headers=_SHUT)


@page("archive.view")
@require_safe
def record(request: MemberRequest, document_id: uuid.UUID, snapshot_id: uuid.UUID) -> HttpResponse:
    """The WARC records as a file; of a repeated answer, those with its body too."""
    document = selectors.document_for(request.user, document_id)
    held = snapshots.one_of(document, snapshot_id)
    raw = snapshots.span_of(held)
    if held.same_as is not None:
        raw = snapshots.span_of(held.same_as) + raw
    name = f'attachment; filename="{held.pk}.warc.gz"'
    return HttpResponse(
        raw, content_type="application/warc", headers={**_SHUT, "Content-Disposition": name}
    )
