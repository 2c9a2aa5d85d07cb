"""Pages of the stories room: list, one story, the review queue, and what is done there."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.archive import selectors as archive
from rongmei.kernel.errors import NotFound, RongmeiError
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.guard import MemberRequest, page
from rongmei.planning import selectors as planning
from rongmei.stories import (
    actions,
    checking,
    dossier,
    findings,
    package,
    particulars,
    reading,
    relations,
    selectors,
    subjects,
    waiting,
)
from rongmei.stories import policy as rules
from rongmei.stories.errors import StoryError
from rongmei.stories.forms import NewStoryForm
from rongmei.stories.models import Story, StoryState
from rongmei.stories.views_amending import publish_panel
from rongmei.stories.views_remarks import talk_of

PAGE_SIZE: Final = 50
PANELS: Final = ("dossier", "checks", "history", "talk", "relations", "publish")
BADGES: Final = {
    StoryState.DRAFT: "",
    StoryState.FIRST: "now",
    StoryState.SECOND: "now",
    StoryState.FINAL: "now",
    StoryState.SIGNED: "done",
    StoryState.RETURNED: "failed",
    StoryState.WITHDRAWN: "failed",
}
ORDERS: Final = {
    "title": "title", "state": "state", "words": "word_count", "at": "updated_at",
}  # fmt: skip


def _sorted(rows: Any, wanted: str) -> Any:
    name = ORDERS.get(wanted.lstrip("-"))
    if name is None:
        return rows.order_by("-id")
    return rows.order_by(f"{'-' if wanted.startswith('-') else ''}{name}", "-id")


@page("stories.view")
def story_list(request: MemberRequest) -> HttpResponse:
    """Stories in reach; filters, search and order live in the address."""
    began = time.perf_counter()
    rows = selectors.stories_listed_to(request.user)
    words = request.GET.get("q", "").strip()
    if words:
        rows = rows.filter(
            Q(title__icontains=words) | Q(number__icontains=words) | Q(author_name__icontains=words)
        )
    if request.GET.get("mine"):
        rows = rows.filter(author_id=request.user.pk)
    units = network.units_in_reach(request.user, "stories.view")
    unit = request.GET.get("unit", "")
    if unit:
        rows = rows.filter(unit__code=unit)
    counts = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    states = [one for one in request.GET.getlist("state") if one in StoryState.values]
    if states:
        rows = rows.filter(state__in=states)
    if request.GET.get("signed"):
        rows = rows.filter(signed_at__gte=timezone.now() - timedelta(days=1))
    found = Paginator(_sorted(rows, request.GET.get("sort", "")), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    findings.put_levels(found)
    return render(
        request,
        "stories/list.html",
        {
            "page": found, "words": words, "units": units, "badges": BADGES,
            "states": [(one.value, one.label, counts.get(one.value, 0)) for one in StoryState],
            "may_write": policy.anywhere(request.user, "stories.write"),
            "took_ms": round((time.perf_counter() - began) * 1000),
        },
    )  # fmt: skip


def _prefill(request: MemberRequest, task_id: str) -> dict[str, Any]:
    """Title and unit of a task that was given to one of the member's units."""
    if not task_id:
        return {"title": request.GET.get("title", "")[:80]}
    try:
        task = planning.task_for(request.user, uuid.UUID(task_id))
    except ValueError as error:
        raise NotFound from error
    return {"title": task.title[:80], "unit": task.to_unit_id, "task": task.pk, "for": task}


@page("stories.write")
def story_new(request: MemberRequest) -> HttpResponse:
    """Begin a story, perhaps for a task (`?task=`), then go to the editor."""
    units = network.units_in_reach(request.user, "stories.write")
    initial = _prefill(request, request.GET.get("task", "") or request.POST.get("task", ""))
    task = initial.pop("for", None)
    form = NewStoryForm(request.POST or None, units=list(units) and units, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        story = actions.story_create(
            by=request.user, unit_id=data["unit"].pk, title=data["title"], task_id=data["task"],
            template=data["template"],
        )  # fmt: skip
        return redirect(edit_url(story))
    status = 422 if form.errors else 200
    return render(request, "stories/new.html", {"form": form, "task": task}, status=status)


def edit_url(story: Story) -> str:
    """Where the editor opens this story."""
    return reverse("wagtailsnippets_stories_story:edit", args=[story.pk])


def _relations(request: MemberRequest, story: Story) -> dict[str, Any]:
    task, documents = None, []
    if story.task_id:
        try:
            task = planning.task_for(request.user, story.task_id)
        except NotFound:
            task = None
    for one in story.document_ids[:20]:
        try:
            documents.append(archive.document_for(request.user, uuid.UUID(str(one))))
        except NotFound:
            continue
    return {
        "task": task, "documents": documents, "related": relations.related_to(request.user, story),
        "may_link": not story.is_replica and policy.allows(request.user, "stories.write", story),
    }  # fmt: skip


def _history(request: MemberRequest, story: Story, signatures: Any) -> dict[str, Any]:
    chosen = request.GET.get("version", "")
    shown = reading.version_differences(story, int(chosen)) if chosen.isdigit() else None
    return {
        "versions": reading.versions(story, signatures),
        "chosen": int(chosen) if chosen.isdigit() else None,
        "differences": shown,
    }


def _shown(request: MemberRequest, story: Story, default_panel: str) -> dict[str, Any]:
    """What the page of a story needs; only the open tab's rows are read."""
    member = request.user
    signatures = selectors.signatures_of(story)
    check, expired = checking.present(story, selectors.latest_check(story))
    panel = request.GET.get("panel", default_panel)
    shown: dict[str, Any] = {
        "story": story, "signatures": signatures, "check": check, "check_expired": expired,
        "findings": findings.shown(story, check.findings), "badge": BADGES[StoryState(story.state)],
        "panel": panel if panel in PANELS else default_panel, "default_panel": default_panel,
        "opens_dossier": default_panel == "dossier", "opens_checks": default_panel == "checks",
        "has_dossier": story.state in {StoryState.FINAL, StoryState.SIGNED},
        "course": reading.course(story, signatures), "edit_url": edit_url(story),
        "may_edit": rules.may_edit(member, story, signatures),
        "may_review": rules.may_review(member, story, signatures),
        "may_submit": not story.is_replica and story.state in rules.WRITABLE
        and policy.allows(member, "stories.write", story),
        "may_withdraw": not story.is_replica and story.state != StoryState.WITHDRAWN
        and policy.allows(member, "stories.withdraw", story),
        "may_correct": not story.is_replica and story.withdrawn_at is None
        and policy.allows(member, "stories.withdraw", story) and selectors.was_signed_off(story),
        "may_share": not story.is_replica and story.state == StoryState.SIGNED
        and policy.allows(member, "stories.share", story),
        "shared_units": network.unit_labels(uuid.UUID(one) for one in story.shared_with),
        "may_reread": rules.may_reread(member, story, signatures),
        "particulars": particulars.facts_of(story, subjects.names(story.subjects)),
        **package.reading(story), **talk_of(request, story),
    }  # fmt: skip
    if shown["panel"] == "history":
        shown.update(_history(request, story, signatures))
    elif shown["panel"] == "dossier":
        shown["dossier"] = dossier.of(story, signatures, dossier.images_of(shown))
        shown["check_levels"] = waiting.levels_of(check.findings)
    elif shown["panel"] == "publish":
        shown.update(publish_panel(request, story))
    elif shown["panel"] == "relations":
        shown.update(_relations(request, story))
    return shown


@page("stories.view")
def story_detail(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """One story: where it is, how it reads, and everything beside it."""
    story = selectors.story_for(request.user, story_id)
    return render(request, "stories/detail.html", _shown(request, story, "checks"))


@page("stories.view")
def review_story(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """The story as its present reviewer needs it: what changed, what the machine says, and signing."""
    story = selectors.story_for(request.user, story_id)
    steps = rules.steps_for(request.user, story, selectors.signatures_of(story))
    if not steps:
        return redirect("stories:story", story.pk)
    closes = steps[0].key == rules.flow_of(story).last.key
    shown = _shown(request, story, "dossier" if closes else "checks")
    shown["step"] = steps[0]
    shown["changed"] = reading.since_step_began(story)
    return render(request, "stories/review.html", shown)


def _done(
    request: MemberRequest, story: Story, words: str, *, to: str = "stories:story"
) -> HttpResponse:
    messages.success(request, words)
    return redirect(to, story.pk) if to == "stories:story" else redirect(to)


@require_POST
@page("stories.write")
def submit(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """提交送审; findings that stop it are shown on the story's page."""
    try:
        story = actions.story_submit(
            by=request.user, story_id=story_id, urgent=request.POST.get("urgent", "")
        )
    except StoryError as refused:
        if refused.status != 422:
            raise
        messages.error(request, refused.message)
        return redirect("stories:story", story_id)
    return _done(request, story, _("已送初审。有了结果会通知你。"))


@require_POST
@page("stories.view")
def pass_step(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """通过并签名, over the text that was on the page."""
    posted = request.POST
    try:
        story = actions.review_pass(
            by=request.user, story_id=story_id, step=posted.get("step", ""),
            content_hash=posted.get("content_hash", ""), opinion=posted.get("opinion", ""),
            proof=posted.getlist("proof"),
        )  # fmt: skip
    except RongmeiError as refused:
        if refused.status != 422:
            raise
        messages.error(request, refused.message)
        return redirect("review:story", story_id)
    return _done(
        request, story, _("已签名通过：%(title)s") % {"title": story.title}, to="review:queue"
    )


@require_POST
@page("stories.view")
def give_back(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """退回, with a reason."""
    try:
        story = actions.review_return(
            by=request.user, story_id=story_id, reason=request.POST.get("reason", "")
        )
    except RongmeiError as refused:
        if refused.status != 422:
            raise
        messages.error(request, refused.message)
        return redirect("review:story", story_id)
    return _done(
        request, story, _("已退回作者：%(title)s") % {"title": story.title}, to="review:queue"
    )


@require_POST
@page("stories.share")
def share(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """推送总部."""
    story = actions.story_share(by=request.user, story_id=story_id)
    return _done(request, story, _("已推送上级单位。"))


@require_POST
@page("stories.view")
def lock(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """锁定."""
    return _done(
        request,
        actions.story_lock(by=request.user, story_id=story_id),
        _("已锁定，他人暂不能保存。"),
    )


@require_POST
@page("stories.view")
def unlock(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """解锁."""
    return _done(request, actions.story_unlock(by=request.user, story_id=story_id), _("已解锁。"))
