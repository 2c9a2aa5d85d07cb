"""Pages of the publishing desk (发布)."""

from __future__ import annotations

import mimetypes
import uuid
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.channels import actions, selectors, shown
from rongmei.channels.errors import ChannelsError
from rongmei.channels.forms import ChannelForm, ConfirmForm, NoteForm, PublishForm, ReasonForm
from rongmei.channels.models import Channel, Publication
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.kernel.middleware import content_security_policy
from rongmei.network import policy
from rongmei.network.guard import MemberRequest, page
from rongmei.network.selectors import units_in_reach
from rongmei.stories import selectors as stories

_PER_PAGE = 30
# The payload to be pasted carries its styles inline; only the page that shows it may.
_INLINE_STYLES = "style-src 'self' 'unsafe-inline'; "


def _try(request: HttpRequest, form: Form, act: Any) -> Any:
    """Run the action; its refusal becomes an error of the form, so that nothing typed is lost."""
    try:
        return act()
    except (ChannelsError, BadInput) as error:
        form.add_error(None, error.message)
        return None


@page("channels.view")
def index(request: MemberRequest) -> HttpResponse:
    """What waits to be published, what waits for a hand, and what went out last."""
    waiting = Paginator(selectors.stories_to_publish(request.user), _PER_PAGE)
    latest = selectors.with_deliveries(selectors.publications_visible_to(request.user))[:8]
    return render(
        request,
        "channels/index.html",
        {
            "waiting": waiting.get_page(request.GET.get("page")),
            "by_hand": list(selectors.deliveries_waiting(request.user)[:20]),
            "latest": latest,
            "has_channels": selectors.channels_to_publish_on(request.user).exists(),
        },
    )


@page("channels.view")
def publications(request: MemberRequest) -> HttpResponse:
    """All publications, by state."""
    rows = selectors.with_deliveries(selectors.publications_visible_to(request.user))
    states = [one for one in request.GET.getlist("state") if one in Publication.State.values]
    if states:
        rows = rows.filter(state__in=states)
    words = request.GET.get("q", "").strip()
    if words:
        rows = rows.filter(title__icontains=words)
    listed = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "channels/publications.html",
        {"page": listed, "states": Publication.State.choices, "q": words},
    )


@page("channels.publish")
def publish(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """The signed text as it will appear, and the channels to put it on."""
    story = stories.signed_stories_for_platform(request.user).filter(pk=story_id).first()
    if story is None:
        raise NotFound
    package = stories.signed_package(story_id)
    choices = selectors.channels_to_publish_on(request.user)
    first = {
        "channels": list(choices.values_list("pk", flat=True)),
        "content_hash": package.content_hash,
    }
    form = PublishForm(request.POST or None, initial=first)
    form.fields["channels"].queryset = choices  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        held = form.cleaned_data
        made = _try(
            request,
            form,
            lambda: actions.publication_publish(
                by=request.user,
                story_id=story_id,
                channel_ids=[one.pk for one in held["channels"]],
                due_at=held["due_at"],
                content_hash=held["content_hash"],
            ),
        )
        if made is not None:
            messages.success(request, _("已交付发布，各渠道回执会显示在这里。"))
            return redirect("channels:publication", made.pk)
    status = 422 if form.is_bound else 200
    shown_with = {
        "story": story,
        "package": package,
        "html": shown.preview(package.html),
        "form": form,
        "has_channels": bool(first["channels"]),
    }
    return render(request, "channels/publish.html", shown_with, status=status)


@page("channels.view")
def publication(request: MemberRequest, publication_id: uuid.UUID) -> HttpResponse:
    """One publication: a row for each channel, with its state and receipt."""
    held = selectors.publication_for(request.user, publication_id)
    rows = list(held.deliveries.select_related("channel").order_by("channel__order", "id"))
    return render(
        request,
        "channels/publication.html",
        {
            "publication": held,
            "rows": [shown.row_of(row) for row in rows],
            "steps": shown.steps_of(held, rows),
            "may_publish": not held.is_replica
            and policy.allows(request.user, "channels.publish", held),
            "may_withdraw": not held.is_replica
            and policy.allows(request.user, "channels.withdraw", held),
            "html": shown.preview(held.html),
            "tab": request.GET.get("panel", "text"),
            "history": shown.history_of(held),
        },
    )


@page("channels.view")
def receipts(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """Where a story went out and how every channel answered: looked at again while it moves."""
    held = selectors.publications_of_story(request.user, story_id)
    if not held:
        raise NotFound
    return HttpResponse(shown.story_part(request, held[0].story))


@page("channels.withdraw")
def withdraw(request: MemberRequest, publication_id: uuid.UUID) -> HttpResponse:
    """Take a publication back, with a reason."""
    held = selectors.publication_for(request.user, publication_id)
    policy.require(request.user, "channels.withdraw", held)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        made = _try(
            request,
            form,
            lambda: actions.publication_withdraw(
                by=request.user, publication_id=publication_id, reason=form.cleaned_data["reason"]
            ),
        )
        if made is not None:
            messages.success(request, _("已撤下。本站页面即刻关闭，其他渠道的进度见下。"))
            return redirect("channels:publication", publication_id)
    context = {"publication": held, "form": form, "what": "withdraw"}
    return render(request, "channels/change.html", context, status=422 if form.is_bound else 200)


@page("channels.publish")
def correct(request: MemberRequest, publication_id: uuid.UUID) -> HttpResponse:
    """Correct a publication, with words for the readers."""
    held = selectors.publication_for(request.user, publication_id)
    policy.require(request.user, "channels.publish", held)
    form = NoteForm(request.POST or None)
    if form.is_valid():
        made = _try(
            request,
            form,
            lambda: actions.publication_correct(
                by=request.user, publication_id=publication_id, note=form.cleaned_data["note"]
            ),
        )
        if made is not None:
            messages.success(request, _("更正已公开。"))
            return redirect("channels:publication", publication_id)
    context = {"publication": held, "form": form, "what": "correct"}
    return render(request, "channels/change.html", context, status=422 if form.is_bound else 200)


@page("channels.publish")
def copy(request: MemberRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """The text prepared for pasting into a platform's editor, with the platform's limits measured."""
    row = selectors.delivery_for(request.user, delivery_id)
    policy.require(request.user, "channels.publish", row)
    rendered = selectors.rendered_for(row)
    answer = render(
        request,
        "channels/copy.html",
        {
            "delivery": row,
            "publication": row.publication,
            "rendered": rendered,
            # The adapter wrote every tag and style of it from its own table, words escaped.
            "body": mark_safe(rendered.html),  # noqa: S308
            "fits": all(one.ok for one in rendered.limits),
            "platform": shown.platform_of(row.channel),
            "url": row.publication.public_url,
            "has_pictures": bool(
                row.publication.package.get("images") or row.publication.image_url
            ),
        },
    )
    answer.headers["Content-Security-Policy"] = _INLINE_STYLES + content_security_policy()
    return answer


@page("channels.publish")
def confirm(request: MemberRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """Note where it was posted by hand, with a screenshot."""
    row = selectors.delivery_for(request.user, delivery_id)
    policy.require(request.user, "channels.publish", row)
    form = ConfirmForm(request.POST or None, request.FILES or None, initial={"url": row.url})
    if form.is_valid():
        held = form.cleaned_data
        picture: UploadedFile[bytes] | None = held["screenshot"]
        made = _try(
            request,
            form,
            lambda: actions.delivery_confirm(
                by=request.user,
                delivery_id=delivery_id,
                url=held["url"],
                posted_at=held["posted_at"],
                screenshot=picture,
            ),
        )
        if made is not None:
            messages.success(request, _("回执已登记。"))
            return redirect("channels:publication", row.publication_id)
    context = {"delivery": row, "publication": row.publication, "form": form}
    return render(request, "channels/confirm.html", context, status=422 if form.is_bound else 200)


@require_POST
@page("channels.publish")
def retry(request: MemberRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """Try again now."""
    selectors.delivery_for(request.user, delivery_id)
    row = actions.delivery_retry(by=request.user, delivery_id=delivery_id)
    return redirect("channels:publication", row.publication_id)


@require_POST
@page("channels.publish")
def recheck(request: MemberRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """Read the channel back and compare again."""
    selectors.delivery_for(request.user, delivery_id)
    row = actions.delivery_recheck(by=request.user, delivery_id=delivery_id)
    return redirect("channels:publication", row.publication_id)


@require_POST
@page("channels.withdraw")
def taken_down(request: MemberRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """A person has deleted the post."""
    row = actions.delivery_taken_down(by=request.user, delivery_id=delivery_id)
    return redirect("channels:publication", row.publication_id)


@page("channels.view")
def screenshot(request: MemberRequest, delivery_id: uuid.UUID) -> HttpResponse:
    """The screenshot of a receipt, to those who may see the publication only."""
    row = selectors.delivery_for(request.user, delivery_id)
    name = row.screenshot.name or ""
    if not name or not row.screenshot.storage.exists(name):
        raise NotFound
    with row.screenshot.open("rb") as held:
        answer = HttpResponse(held.read(), content_type=mimetypes.guess_type(name)[0])
    answer.headers["Content-Disposition"] = f'inline; filename="{row.screenshot_digest}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@page("channels.view")
def channels(request: MemberRequest) -> HttpResponse:
    """Channels, what each can do by itself, and the platforms that are served by hand."""
    rows = [shown.channel_of(one) for one in selectors.channels_visible_to(request.user)]
    return render(
        request,
        "channels/channels.html",
        {
            "rows": rows,
            "adapters": list(selectors.adapters().values()),
            "may_manage": policy.anywhere(request.user, "channels.manage"),
        },
    )


@page("channels.manage")
def channel_new(request: MemberRequest, adapter: str) -> HttpResponse:
    """Make a channel of this kind for a unit one manages."""
    kind = selectors.adapters().get(adapter)
    unit = units_in_reach(request.user, "channels.manage").first()
    if kind is None or unit is None:
        raise NotFound
    return _channel_page(request, Channel(unit=unit, adapter=adapter), None)


@page("channels.manage")
def channel(request: MemberRequest, channel_id: uuid.UUID) -> HttpResponse:
    """Settings of a channel."""
    held = selectors.channel_for(request.user, channel_id)
    policy.require(request.user, "channels.manage", held)
    return _channel_page(request, held, held.pk)


def _channel_page(
    request: MemberRequest, held: Channel, channel_id: uuid.UUID | None
) -> HttpResponse:
    units = list(units_in_reach(request.user, "channels.manage"))
    first = {
        "name": held.name, "is_active": held.is_active, "order": held.order,
        **{f"set_{key}": value for key, value in held.settings.items()},
    }  # fmt: skip
    form = ChannelForm(request.POST or None, initial=first, adapter=selectors.adapter_of(held))
    if form.is_valid():
        chosen = request.POST.get("unit", "")
        unit_id = next((one.pk for one in units if str(one.pk) == chosen), held.unit_id)
        saved = _try(
            request,
            form,
            lambda: actions.channel_save(
                by=request.user,
                unit_id=unit_id if channel_id is None else held.unit_id,
                channel_id=channel_id,
                name=form.cleaned_data["name"],
                adapter=held.adapter,
                settings=form.settings(),
                is_active=form.cleaned_data["is_active"],
                order=form.cleaned_data["order"],
            ),
        )
        if saved is not None:
            messages.success(request, _("渠道已保存。"))
            return redirect("channels:channels")
    context = {"channel": held, "form": form, "units": units, "is_new": channel_id is None}
    return render(request, "channels/channel.html", context, status=422 if form.is_bound else 200)
