"""Pages of the sources room: what is watched, how it goes, adding and changing it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from rongmei.kernel.errors import NotFound, RongmeiError, words_at_form
from rongmei.kernel.http_errors import HttpError
from rongmei.network import policy
from rongmei.network.guard import MemberRequest, page
from rongmei.sources import actions, diagnosis, explaining, opml, selectors, spool, trying
from rongmei.sources.errors import SourceError
from rongmei.sources.forms import DEFAULT_CLASS, AddressForm, NewSourceForm, SourceForm
from rongmei.sources.presets import BY_KEY, PRESETS
from rongmei.sources.readers import SUFFIXES
from rongmei.sources.types import PACES, FetchOutcome, SourceKind, SourceSpec
from rongmei.sources.views_groups import PARAMS, chosen_of

if TYPE_CHECKING:
    from rongmei.sources.models import FetchLog, Source

PER_PAGE = 50
FILTERS: Final = {
    "group": _lazy("分组"), "class": _lazy("媒体类别"), "kind": _lazy("读取方式"),
    "unit": _lazy("单位"), "region": _lazy("地区"), "tier": _lazy("层级"), "language": _lazy("语种"),
}  # fmt: skip
SAMPLE_SHOWN = 6_000
# Of fewer attempts a chart says nothing that the table does not.
FEWEST_DRAWN = 6
# What an address can be read as without any settings.
_READABLE: Final[dict[str, SourceKind]] = {
    "feed": "feed", "sitemap": "sitemap", "page": "page", "hotlist": "hotlist",
}  # fmt: skip


@page("sources.view")
@require_safe
def source_list(request: MemberRequest) -> HttpResponse:
    """What is watched, the failing first."""
    asked = request.GET
    chosen = chosen_of(asked)
    choices = selectors.filter_choices(request.user)
    may_manage = policy.anywhere(request.user, "sources.manage")
    rows = selectors.sources_listed(request.user, chosen)
    held = [(name, one) for name in (*PARAMS, "sort") for one in asked.getlist(name)]
    shown = {
        "page": Paginator(rows, PER_PAGE).get_page(asked.get("page")),
        "overview": selectors.overview(request.user),
        "choices": choices,
        "filters": [(name, label, choices[name]) for name, label in FILTERS.items()],
        "held": held,
        "query": asked.urlencode(),
        "chosen": chosen,
        "groups": selectors.groups_to_use(request.user) if may_manage else [],
        "paces": PACES.items(),
        "classes": selectors.media_classes().items(),
        "now": timezone.now(),
        "may_manage": may_manage,
    }
    return render(request, "sources/list.html", shown)


@page("sources.view")
@require_safe
def source_detail(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """One source: how it stands, its last attempts, the last answer that could not be read."""
    source = selectors.source_for(request.user, source_id)
    return _detail(request, source_id, {"source": source})


def _detail(
    request: MemberRequest, source_id: uuid.UUID, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    source = more.get("source") or selectors.source_for(request.user, source_id)
    failure = selectors.last_failure(source)
    raw = bytes(failure.sample) if failure else b""
    log = selectors.log_of(source)
    shown = {
        "source": source,
        "state": source.state,
        "words": {word.value: word.words for word in FetchOutcome},
        "log": log,
        "history": selectors.history_of(log) if len(log) >= FEWEST_DRAWN else None,
        "groups": _("、").join(one.name for one in source.groups.all()),
        "why": selectors.due_words(source.state),
        "failure": failure,
        "trouble": explaining.trouble_of(source, source.state),
        "sample": diagnosis.shown(raw[:SAMPLE_SHOWN]),
        "broken": diagnosis.where_broken(raw) if _should_parse(failure) else None,
        **_handed(source),
        "now": timezone.now(),
        "may_manage": policy.allows(request.user, "sources.manage", source),
        "may_mark": policy.allows(request.user, "sources.mark_internal", source),
        **more,
    }
    return render(request, "sources/detail.html", shown, status=status)


def _should_parse(failure: FetchLog | None) -> bool:
    """Whether the answer was to be read: an error's page need not be well formed."""
    return failure is not None and failure.outcome == FetchOutcome.UNREADABLE


def _handed(source: Source) -> dict[str, Any]:
    """What waits in the spool of a source that takes files, and what could not be read."""
    if source.kind != "drop":
        return {}
    return {
        "waiting": spool.waiting(source.pk), "refused": spool.refused(source.pk),
        "accept": ",".join(SUFFIXES),
    }  # fmt: skip


@page("sources.view")
@require_safe
def source_answer(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """The raw answer of the last failure as it came, as a file: it may be anything."""
    failure = selectors.last_failure(selectors.source_for(request.user, source_id))
    if failure is None:
        raise NotFound
    head = "".join(f"{name}: {value}\r\n" for name, value in failure.headers.items())
    return HttpResponse(
        f"HTTP {failure.http_status or ''}\r\n{head}\r\n".encode() + bytes(failure.sample),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": 'attachment; filename="answer.txt"',
            "X-Content-Type-Options": "nosniff",
        },
    )


@page("sources.manage")
@require_POST
def source_try(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """Read the source once, now, and show the first items or the failure; nothing is stored."""
    source = selectors.source_for(request.user, source_id)
    policy.require(request.user, "sources.manage", source)
    return _detail(request, source_id, {"trial": trying.try_held(source)})


@page("sources.manage")
@require_POST
def source_find(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """Look on the source's own site for what can be read there now."""
    source = selectors.source_for(request.user, source_id)
    policy.require(request.user, "sources.manage", source)
    site = source.home_url or urljoin(source.url, "/")
    shown: dict[str, Any] = {"site": site, "looked": True}
    try:
        offers = trying.offers_of(site, internal=source.internal)
    except (HttpError, SourceError) as error:
        shown["site_error"] = str(error)
    else:
        shown["offers"] = [one for one in offers if one.candidate.url != source.url]
    return _detail(request, source_id, shown)


@page("sources.manage")
@require_POST
def source_readdress(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """Read the source at another address from now on, one that its site was found to have."""
    selectors.source_for(request.user, source_id)
    kind = "sitemap" if request.POST.get("kind") == "sitemap" else "feed"
    try:
        actions.source_change(
            by=request.user, source_id=source_id, url=request.POST.get("url", ""), kind=kind
        )
    except RongmeiError as error:
        messages.error(request, words_at_form(error))
    else:
        messages.success(request, _("已改用新地址，马上读取"))
    return redirect("sources:detail", source_id)


@page("sources.manage")
@require_POST
def source_fetch(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """Put the source at the head of the queue."""
    selectors.source_for(request.user, source_id)
    actions.source_fetch_now(by=request.user, source_id=source_id)
    messages.success(request, _("已排到最前，几秒后读取"))
    return redirect("sources:detail", source_id)


@page("sources.manage")
@require_POST
def source_toggle(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """Stop or go on watching."""
    source = selectors.source_for(request.user, source_id)
    actions.source_change(by=request.user, source_id=source_id, enabled=not source.enabled)
    messages.success(request, _("已停用，不再读取") if source.enabled else _("已启用，马上读取"))
    return redirect("sources:detail", source_id)


@page("sources.mark_internal")
@require_POST
def source_internal(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """Let the source be on a private network, or no longer."""
    source = selectors.source_for(request.user, source_id)
    actions.source_mark_internal(by=request.user, source_id=source_id, internal=not source.internal)
    messages.success(request, _("已保存"))
    return redirect("sources:detail", source_id)


@page("sources.manage")
@require_POST
def source_moved(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """Take over the address that the other side says it moved to."""
    source = selectors.source_for(request.user, source_id)
    back = request.POST.get("do") == "back"
    if source.moved_from if back else source.state.moved_to:
        actions.source_follow(by=request.user, source_id=source_id, back=back)
        words = _("已改回原地址，不再自动改址") if back else _("已改用新地址，马上读取")
        messages.success(request, words)
    return redirect("sources:detail", source_id)


@page("sources.manage")
def source_change(request: MemberRequest, source_id: uuid.UUID) -> HttpResponse:
    """Change a source's settings."""
    source = selectors.source_for(request.user, source_id)
    policy.require(request.user, "sources.manage", source)
    form = SourceForm(request.POST or None, instance=source, groups=_groups(request))
    shown: dict[str, Any] = {"form": form, "source": source}
    if request.method == "POST" and form.is_valid():
        if request.POST.get("do") == "try":
            # The form has filled in the row, which is not saved: it is tried as it would be.
            source.options = form.cleaned_data.get("options", source.options)
            shown["trial"] = _blamed(form, trying.try_held(source))
            return render(request, "sources/change.html", shown)
        try:
            actions.source_change(by=request.user, source_id=source_id, **form.wanted())
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
        else:
            messages.success(request, _("已保存"))
            return redirect("sources:detail", source_id)
    return render(request, "sources/change.html", shown, status=422 if form.errors else 200)


def _groups(request: MemberRequest) -> list[tuple[uuid.UUID, str]]:
    return [(one.pk, one.name) for one in selectors.groups_to_use(request.user)]


def _blamed(form: SourceForm, trial: trying.Trial) -> trying.Trial:
    """The trial, with the words of a wrong rule at its box of the form as well."""
    if trial.rule:
        form.blame(trial.rule, trial.message)
    return trial


def _may_be_internal(request: MemberRequest) -> bool:
    return policy.anywhere(request.user, "sources.mark_internal")


@page("sources.manage")
def source_add(request: MemberRequest) -> HttpResponse:
    """From a bare address to a source: look, choose, try, add."""
    posted = request.POST if request.method == "POST" else None
    step = posted.get("do", "find") if posted else ""
    if step in {"try", "add"}:
        return _add_chosen(request, step)
    inside = _may_be_internal(request)
    if step == "choose" or request.GET.get("url"):
        return _choose(request, read=step == "choose")
    form = AddressForm(
        posted, may_be_internal=inside, initial={"address": request.GET.get("address", "")}
    )
    shown: dict[str, Any] = {"address": form}
    if posted and form.is_valid():
        internal = bool(form.cleaned_data.get("internal"))
        try:
            offers = trying.offers_of(form.cleaned_data["address"], internal=internal)
        except (HttpError, SourceError) as error:
            form.add_error("address", str(error))
        else:
            shown |= {
                "offers": offers, "looked": True, "internal": internal,
                "classes": selectors.media_classes().items(), "default_class": DEFAULT_CLASS,
                "unit_id": _own_unit(request),
                "site": trying.with_scheme(form.cleaned_data["address"]),
            }  # fmt: skip
    return render(request, "sources/add.html", shown, status=422 if form.errors else 200)


def _own_unit(request: MemberRequest) -> uuid.UUID:
    """The unit that a new source is for unless somebody says otherwise."""
    units = [pk for pk, _label in selectors.units_to_manage(request.user)]
    own = request.user.unit_id
    return own if own in units or not units else units[0]


def _choose(request: MemberRequest, *, read: bool) -> HttpResponse:
    """One of what was found, with its settings open and what it brings."""
    given = request.POST if read else request.GET
    internal = given.get("internal") in {"1", "on"} and _may_be_internal(request)
    url, kind = given.get("url", ""), _READABLE.get(given.get("kind", ""), "feed")
    initial = {"url": url, "kind": kind, "name": given.get("name", "")[:80], "internal": internal}
    shown: dict[str, Any] = {
        "address": AddressForm(may_be_internal=_may_be_internal(request)),
        "form": _new_form(request, initial),
    }
    if read:
        spec = SourceSpec(kind=kind, url=trying.with_scheme(url), internal=internal)
        shown["trial"] = trying.try_source(spec)
    return render(request, "sources/add.html", shown)


def _new_form(
    request: MemberRequest, initial: dict[str, Any] | None = None, *, bound: bool = False
) -> NewSourceForm:
    first = {"unit_id": request.user.unit_id, "options": {}, **(initial or {})}
    return NewSourceForm(
        request.POST if bound else None,
        initial=first,
        groups=_groups(request),
        units=selectors.units_to_manage(request.user),
        may_be_internal=_may_be_internal(request),
    )


def _add_chosen(request: MemberRequest, step: str) -> HttpResponse:
    form = _new_form(request, bound=True)
    shown: dict[str, Any] = {
        "form": form, "address": AddressForm(may_be_internal=_may_be_internal(request)),
    }  # fmt: skip
    if form.is_valid():
        fields = form.wanted()
        unit_id, internal = fields.pop("unit_id"), bool(fields.pop("internal", False))
        if internal:
            policy.require(request.user, "sources.mark_internal", unit_id)
        if step == "try":
            spec = SourceSpec(
                kind=fields["kind"], url=trying.with_scheme(fields["url"]), internal=internal,
                language=fields["language"], options=fields["options"],
            )  # fmt: skip
            shown["trial"] = _blamed(form, trying.try_source(spec))
            return render(request, "sources/add.html", shown)
        try:
            source = actions.source_add(
                by=request.user, unit_id=unit_id,
                **{**fields, "url": trying.with_scheme(fields["url"])},
            )  # fmt: skip
            if internal:
                actions.source_mark_internal(by=request.user, source_id=source.pk, internal=True)
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
        else:
            messages.success(request, _("已添加，几秒后开始读取"))
            return redirect("sources:detail", source.pk)
    return render(request, "sources/add.html", shown, status=422)


@page("sources.manage")
@require_safe
def presets(request: MemberRequest) -> HttpResponse:
    """Public feeds that can be switched on with one click."""
    held = selectors.presets_of(request.user.unit_id)
    rows = [(preset, held.get(preset.key)) for preset in PRESETS]
    may = policy.allows(request.user, "sources.manage", request.user.unit_id)
    return render(request, "sources/presets.html", {"rows": rows, "may": may})


@page("sources.manage")
@require_POST
def preset_toggle(request: MemberRequest, key: str) -> HttpResponse:
    """Switch one preset on or off for one's own unit."""
    preset = BY_KEY.get(key)
    if preset is not None:
        held = selectors.presets_of(request.user.unit_id).get(key)
        if held is None:
            actions.source_add(
                by=request.user, unit_id=request.user.unit_id, name=preset.name, url=preset.url,
                media_class=preset.media_class, language=preset.language, preset=key, tier=1,
            )  # fmt: skip
        else:
            actions.source_change(by=request.user, source_id=held.pk, enabled=not held.enabled)
        messages.success(request, _("已保存"))
    return redirect("sources:presets")


@page("sources.view")
@require_safe
def opml_export(request: MemberRequest) -> HttpResponse:
    """The feeds in reach as an OPML file."""
    body = opml.write_opml(str(request.user.unit), selectors.outlines(request.user))
    return HttpResponse(
        body,
        content_type="text/x-opml; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="sources.opml"'},
    )


@page("sources.manage")
@require_POST
def opml_import(request: MemberRequest) -> HttpResponse:
    """Add the feeds of an OPML file to one's own unit; those already there are left as they are."""
    given = request.FILES.get("file")
    if given is None or (given.size or 0) > opml.MAX_BYTES:
        messages.error(
            request, _("没有收到文件，或文件超过 10 MB,没有导入。请重新选择 OPML 文件。")
        )
        return redirect("sources:list")
    try:
        done = actions.sources_import(
            by=request.user, unit_id=request.user.unit_id, feeds=opml.read_opml(given.read())
        )
    except SourceError as error:
        messages.error(request, str(error))
    else:
        words = _("导入了 %(added)s 个信源，%(skipped)s 个已有或无效，没有改动。")
        messages.success(request, words % {"added": done.changed, "skipped": done.left})
    return redirect("sources:list")
