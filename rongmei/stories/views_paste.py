"""What is pasted into the editor, cleaned."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import RongmeiError
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import pasting
from rongmei.stories import policy as rules
from rongmei.stories.models import Story


def _form_state(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks as the editor's script takes them."""
    body: Any = Story._meta.get_field("body")
    held = body.stream_block.to_python([{**one, "id": str(uuid.uuid4())} for one in blocks])
    state: list[dict[str, Any]] = body.stream_block.get_form_state(held)
    return state


@require_POST
@page("stories.write", *rules.REVIEWS)
def paste(request: MemberRequest) -> HttpResponse:
    """Clean HTML for the place where it was pasted (`inline`), or blocks to stand after it."""
    file = request.FILES.get("html")
    source = file.read(pasting.MAX_HTML * 4).decode("utf-8", "replace") if file else ""
    try:
        found = pasting.read(source)
    except RongmeiError as refused:
        return JsonResponse({"error": refused.message}, status=refused.status)
    alone = [one["value"] for one in found.blocks] if len(found.blocks) == 1 else []
    inline = alone[0] if alone and found.blocks[0]["type"] == "paragraph" else ""
    blocks = [] if inline else _form_state(found.blocks)
    return JsonResponse({"inline": inline, "blocks": blocks, "remarks": found.remarks})
