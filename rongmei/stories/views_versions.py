"""Pages of a story's versions: any two beside one another, and bringing one back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import RongmeiError
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, reading, selectors, versions
from rongmei.stories import policy as rules


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() and len(text) < 19 else None


def _pair(request: MemberRequest, default: tuple[int, int] | None) -> tuple[int, int] | None:
    if default is None:
        return None
    asked = [_number(request.GET.get(name, "")) for name in ("from", "to")]
    before, after = (one or held for one, held in zip(asked, default, strict=True))
    return before, after


@page("stories.view")
def version_list(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """The versions of a story and two of them compared; which two lives in the address."""
    story = selectors.story_for(request.user, story_id)
    signatures = selectors.signatures_of(story)
    rows = reading.versions(story, signatures)
    pair = _pair(request, versions.default_pair(story, rows))
    shown: dict[str, Any] = {
        "story": story, "versions": rows, "pair": pair, "view": request.GET.get("view", ""),
        "may_edit": rules.may_edit(request.user, story, signatures),
    }  # fmt: skip
    if pair is not None:
        compared = versions.compared(story, *pair)
        by_pk = {one.pk: one for one in rows}
        shown |= {
            "compared": compared, "found": compared.found,
            "fields": [(reading.field_label(one.name), one.segments) for one in compared.found.fields],
            "characters": {kind: compared.found.count(kind) for kind in ("new", "gone")},
            "stretches": versions.stretches(compared.found.rows),
            "before": by_pk.get(pair[0]), "after": by_pk.get(pair[1]),
        }  # fmt: skip
    return render(request, "stories/versions.html", shown)


@require_POST
@page("stories.view")
def version_restore(request: MemberRequest, story_id: uuid.UUID, revision_id: int) -> HttpResponse:
    """恢复此版: the old text becomes the newest version."""
    back = reverse("stories:versions", args=[story_id])
    base = _number(request.POST.get("base_revision", ""))
    try:
        story = actions.story_restore(
            by=request.user, story_id=story_id, revision_id=revision_id, base_revision=base
        )
    except RongmeiError as refused:
        if refused.status not in {409, 422}:
            raise
        messages.error(request, refused.message)
        return redirect(back)
    if story.latest_revision_id == base:
        messages.info(request, _("这一版与现在的文字相同，没有改动。"))
    else:
        messages.success(request, _("已恢复为这一版。恢复前的文字仍在版本里。"))
    return redirect(back)
