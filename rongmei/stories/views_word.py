"""Pages for Word documents: a story out of one, a story as one, changes as tracked changes."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import RongmeiError
from rongmei.kernel.text import count_words
from rongmei.network import selectors as network
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, kinds, selectors, word_in, word_out
from rongmei.stories.errors import WordUnseen
from rongmei.stories.forms import WordForm

KIND: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def file_answer(held: bytes, name: str) -> HttpResponse:
    """A Word document to keep."""
    answer = HttpResponse(held, content_type=KIND)
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def _seen(found: word_in.Document) -> dict[str, Any]:
    """What a person is shown of a document before a story is made of it."""
    text = " ".join(
        kinds.plain(one["value"]) for one in found.blocks if one["type"] in {"paragraph", "heading"}
    )
    return {
        "found": found, "words": count_words(text),
        "blocks": [
            {"kind": one["type"], "value": one["value"],
             "picture": found.pictures[one["value"]["picture"]] if one["type"] == "picture" else None}
            for one in found.blocks
        ],
    }  # fmt: skip


@page("stories.write")
def word_new(request: MemberRequest) -> HttpResponse:
    """从 Word 新建稿件: choose a file, see what is in it, make a story of it."""
    units = network.units_in_reach(request.user, "stories.write")
    initial = {"title": request.GET.get("title", "")[:80], "task": request.GET.get("task", "")}
    form = WordForm(request.POST or None, request.FILES or None, units=units, initial=initial)
    shown: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        held = data["file"].read(word_in.MAX_FILE + 1)
        try:
            story = actions.story_from_word(
                by=request.user, unit_id=data["unit"].pk, data=held, seen=data["seen"],
                title=data["title"], task_id=data["task"],
            )  # fmt: skip
        except WordUnseen as refused:
            form.add_error("file", refused.message)
            shown |= _seen(word_in.read(held))
        except RongmeiError as refused:
            if refused.status not in {409, 422}:
                raise
            form.add_error("file", refused.message)
        else:
            return redirect(reverse("wagtailsnippets_stories_story:edit", args=[story.pk]))
    return render(request, "stories/word.html", shown, status=422 if form.errors else 200)


@require_POST
@page("stories.write")
def word_preview(request: MemberRequest) -> HttpResponse:
    """What is in a document; nothing is kept."""
    file = request.FILES.get("file")
    shown: dict[str, Any] = {}
    try:
        shown = _seen(word_in.read(file.read(word_in.MAX_FILE + 1) if file else b""))
    except RongmeiError as refused:
        shown["refused"] = refused.message
    status = 422 if "refused" in shown else 200
    return render(request, "stories/_word.html", shown, status=status)


@require_POST
@page("stories.view")
def story_word(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """The story as a Word document."""
    story = selectors.story_for(request.user, story_id)
    made = word_out.story_docx(story)
    actions.word_export(by=request.user, story_id=story_id)
    return file_answer(made, word_out.file_name(story))


@require_POST
@page("stories.view")
def changes_word(
    request: MemberRequest, story_id: uuid.UUID, before: int, after: int
) -> HttpResponse:
    """Two versions as a Word document with tracked changes."""
    story = selectors.story_for(request.user, story_id)
    made = word_out.changes_of(story, before, after)
    actions.word_export(by=request.user, story_id=story_id, changes=(before, after))
    return file_answer(made, word_out.file_name(story, _("修订对照")))
