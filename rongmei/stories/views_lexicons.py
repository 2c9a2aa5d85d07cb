"""Pages of the lexicons: what holds, what waits for a second person, what a version changes."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from rongmei.kernel.errors import RongmeiError
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, lexicon_sheets, lexicons
from rongmei.stories.editor.fields import WordsField
from rongmei.stories.errors import BadLexiconSheet
from rongmei.stories.models import Lexicon, LexiconVersion

PAGE_SIZE: Final = 100
SHOWN: Final = 200
_KINDS: Final = {
    "csv": ("text/csv; charset=utf-8", lexicon_sheets.as_csv),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        lexicon_sheets.as_excel,
    ),
}
MANAGE: Final = lexicons.MANAGE


class NewLexiconForm(forms.Form):
    """A lexicon's name, kind and unit."""

    name = forms.CharField(label=gettext_lazy("名称"), max_length=40)
    kind = forms.ChoiceField(
        label=gettext_lazy("种类"), choices=Lexicon.Kind.choices, required=False
    )
    unit: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None, label=gettext_lazy("单位"), empty_label=None
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class ProposalForm(forms.Form):
    """A sheet, or one entry, and why."""

    sheet = forms.FileField(
        label=gettext_lazy("表格文件"), required=False,
        help_text=gettext_lazy("CSV 或 Excel，列与导出的相同，最多 20000 条。"),
    )  # fmt: skip
    whole = forms.ChoiceField(
        label=gettext_lazy("方式"), required=False,
        choices=[
            ("", gettext_lazy("并入：同词替换，其余保留")), ("1", gettext_lazy("整体替换：表里没有的删去")),
        ],
    )  # fmt: skip
    remove = forms.BooleanField(label=gettext_lazy("从表里删去这一条"), required=False)
    categories = WordsField(
        label=gettext_lazy("只用于栏目"), required=False,
        help_text=gettext_lazy("不填则用于全部栏目。"),
    )  # fmt: skip
    effective_on = forms.DateField(
        label=gettext_lazy("生效日"), required=False, widget=forms.DateInput({"type": "date"})
    )
    valid_until = forms.DateField(
        label=gettext_lazy("有效期至"), required=False, widget=forms.DateInput({"type": "date"})
    )
    note = forms.CharField(label=gettext_lazy("为什么改"), max_length=300)

    # Which of the fields below are one entry, by the heads of the sheet; the last one names it.
    CELLS: ClassVar[dict[str, str]] = {}

    def cells(self) -> dict[str, str]:
        """The one entry, as the cells of a sheet."""
        return {
            head: str(self.cleaned_data[name] or "").strip() for head, name in self.CELLS.items()
        }

    def entry_fields(self) -> list[Any]:
        """The boxes of the one entry."""
        return [self[name] for name in self.CELLS.values()]


class WordForm(ProposalForm):
    """A proposal for a lexicon of words."""

    CELLS = {
        "级别": "level", "词语": "word", "改为": "instead", "说明": "advice", "例外": "exceptions",
    }  # fmt: skip
    level = forms.ChoiceField(
        label=gettext_lazy("级别"), required=False,
        choices=[("禁", gettext_lazy("禁")), ("慎", gettext_lazy("慎")), ("提示", gettext_lazy("提示"))],
    )  # fmt: skip
    word = forms.CharField(label=gettext_lazy("词语"), max_length=60, required=False)
    advice = forms.CharField(label=gettext_lazy("说明"), max_length=200, required=False)
    instead = forms.CharField(label=gettext_lazy("改为"), max_length=200, required=False)
    exceptions = forms.CharField(
        label=gettext_lazy("例外"), max_length=400, required=False,
        help_text=gettext_lazy("含有它但不算错的长词，用顿号隔开。"),
    )  # fmt: skip


class PersonForm(ProposalForm):
    """A proposal for a table of people."""

    CELLS = {
        "姓名": "name", "职务": "post", "别称": "also", "排序": "order", "任职起": "begins",
        "任职止": "ends", "说明": "advice",
    }  # fmt: skip
    name = forms.CharField(label=gettext_lazy("姓名"), max_length=20, required=False)
    post = forms.CharField(label=gettext_lazy("职务"), max_length=60, required=False)
    also = forms.CharField(
        label=gettext_lazy("职务别称"), max_length=200, required=False,
        help_text=gettext_lazy("同一职务的简称，用顿号隔开。"),
    )  # fmt: skip
    order = forms.IntegerField(
        label=gettext_lazy("排序"), required=False, min_value=1, max_value=9999,
        help_text=gettext_lazy("小的在前，同级可相同。"),
    )  # fmt: skip
    begins = forms.DateField(
        label=gettext_lazy("任职起"), required=False, widget=forms.DateInput({"type": "date"})
    )
    ends = forms.DateField(
        label=gettext_lazy("任职止"), required=False, widget=forms.DateInput({"type": "date"})
    )
    advice = forms.CharField(label=gettext_lazy("说明"), max_length=200, required=False)


class SourceForm(ProposalForm):
    """A proposal for a list of sources one may reprint from."""

    CELLS = {"来源": "source", "别称": "also", "许可证号": "licence", "说明": "advice"}
    source = forms.CharField(label=gettext_lazy("来源"), max_length=60, required=False)
    also = forms.CharField(
        label=gettext_lazy("别称"), max_length=200, required=False,
        help_text=gettext_lazy("同一来源的其他写法，用顿号隔开。"),
    )  # fmt: skip
    licence = forms.CharField(label=gettext_lazy("许可证号"), max_length=200, required=False)
    advice = forms.CharField(label=gettext_lazy("说明"), max_length=200, required=False)


FORMS: Final[dict[str, type[ProposalForm]]] = {
    "words": WordForm, "people": PersonForm, "sources": SourceForm,
}  # fmt: skip
NAMES: Final = {"words": "word", "people": "name", "sources": "source"}


@page("stories.view")
def lexicon_list(request: MemberRequest) -> HttpResponse:
    """The lexicons that hold for units in reach; begin one."""
    units = network.units_in_reach(request.user, MANAGE)
    may = policy.anywhere(request.user, MANAGE)
    form = NewLexiconForm(request.POST or None, units=units) if may else None
    if request.method == "POST":
        policy.require(request.user, MANAGE)
        if form and form.is_valid():
            data = form.cleaned_data
            made = actions.lexicon_create(
                by=request.user, unit_id=data["unit"].pk, name=data["name"],
                kind=data["kind"] or Lexicon.Kind.WORDS,
            )  # fmt: skip
            return redirect("stories:lexicon", made.pk)
    listed = lexicons.lexicons_of(request.user)[:PAGE_SIZE]
    rows = lexicons.standing(listed, timezone.localdate())
    status = 422 if form and form.errors else 200
    return render(request, "stories/lexicons.html", {"rows": rows, "form": form}, status=status)


def _waiting(lexicon: Lexicon) -> LexiconVersion | None:
    return lexicons.versions_of(lexicon).filter(state=LexiconVersion.State.PROPOSED).first()


def _shown(request: MemberRequest, lexicon: Lexicon, **more: Any) -> dict[str, Any]:
    present = lexicons.present(lexicon, timezone.localdate())
    words = request.GET.get("q", "").strip()
    entries = present.entries if present else []
    if words:
        entries = [one for one in entries if words in one["word"] or words in one["advice"]]
    return {
        "lexicon": lexicon, "present": present, "waiting": _waiting(lexicon), "words": words,
        "page": Paginator(entries, PAGE_SIZE).get_page(request.GET.get("page")),
        "versions": lexicons.versions_of(lexicon)[:50], "may": policy.allows(request.user, MANAGE, lexicon),
        "form": FORMS[lexicon.kind](initial={"categories": present.categories if present else []}),
        **more,
    }  # fmt: skip


@page("stories.view")
def lexicon_detail(request: MemberRequest, lexicon_id: uuid.UUID) -> HttpResponse:
    """One lexicon: its entries in force, its versions, and the form for a change."""
    lexicon = lexicons.lexicon_for(request.user, lexicon_id)
    return render(request, "stories/lexicon.html", _shown(request, lexicon))


def _entries(lexicon: Lexicon, form: ProposalForm) -> tuple[list[dict[str, Any]], list[Any]]:
    """The proposed content, and the refused rows of the sheet."""
    data, shape = form.cleaned_data, lexicon_sheets.SHAPES[lexicon.kind]
    before = lexicons.newest(lexicon)
    kept = {one["word"]: one for one in before.entries} if before else {}
    if data["sheet"]:
        if data["sheet"].size > lexicon_sheets.MOST_BYTES:
            raise BadLexiconSheet(_("文件超过 8 MB，没有导入。请拆成几份再传。"))
        taken = lexicon_sheets.read(data["sheet"].read(), shape)
        if taken.refused:
            return [], taken.refused
        fresh = {one["word"]: one for one in taken.entries}
        return list((fresh if data["whole"] else {**kept, **fresh}).values()), []
    if not data[NAMES[lexicon.kind]].strip():
        # Only the scope or the days change.
        return list(kept.values()), []
    cells = form.cells()
    try:
        # What is taken out need only be named.
        entry = shape.entry_of({"级别": "慎", **cells} if data["remove"] else cells)
    except ValueError as error:
        named = str(data[NAMES[lexicon.kind]])
        return [], [lexicon_sheets.Line(0, named, "refused", str(error))]
    word = entry["word"]
    if not data["remove"]:
        return list({**kept, word: entry}.values()), []
    if word not in kept:
        return [], [lexicon_sheets.Line(0, word, "refused", _("表里没有这一条。"))]
    return [one for one in kept.values() if one["word"] != word], []


@page(MANAGE)
@require_POST
def lexicon_propose(request: MemberRequest, lexicon_id: uuid.UUID) -> HttpResponse:
    """Propose a change from a sheet or one entry; refused rows are told and nothing is proposed."""
    lexicon = lexicons.lexicon_for(request.user, lexicon_id)
    policy.require(request.user, MANAGE, lexicon)
    form = FORMS[lexicon.kind](request.POST, request.FILES)
    refused: list[Any] = []
    if form.is_valid():
        try:
            entries, refused = _entries(lexicon, form)
            if not refused:
                data = form.cleaned_data
                made = actions.lexicon_propose(
                    by=request.user, lexicon_id=lexicon.pk, entries=entries, note=data["note"],
                    effective_on=data["effective_on"], categories=data["categories"],
                    valid_until=data["valid_until"],
                )  # fmt: skip
                messages.success(request, _("已提交，等另一人核准后生效。"))
                return redirect("stories:lexicon_version", made.pk)
        except RongmeiError as error:
            if error.status == 403:
                raise
            form.add_error(None, error.message)
    shown = _shown(request, lexicon, form=form, refused=refused[:SHOWN], refused_count=len(refused))
    return render(request, "stories/lexicon.html", shown, status=422)


@page("stories.view")
def lexicon_version(request: MemberRequest, version_id: uuid.UUID) -> HttpResponse:
    """One version: what it changes against the one before it, and the decision."""
    version = lexicons.version_for(request.user, version_id)
    before = lexicons.before(version)
    changes = lexicons.difference(before.entries if before else [], version.entries)
    may = policy.allows(request.user, MANAGE, version.lexicon)
    shown = {
        "version": version, "lexicon": version.lexicon, "before": before, "may": may,
        "own": version.made_by_id == request.user.pk, "added": changes.added[:SHOWN],
        "removed": changes.removed[:SHOWN], "changed": changes.changed[:SHOWN], "changes": changes,
        "open": version.state == LexiconVersion.State.PROPOSED,
        "approved": version.state == LexiconVersion.State.APPROVED,
        "current": lexicons.present(version.lexicon, timezone.localdate()),
    }  # fmt: skip
    return render(request, "stories/lexicon_version.html", shown)


def _back(request: MemberRequest, version_id: uuid.UUID, words: str, done: Any) -> HttpResponse:
    try:
        made = done()
    except RongmeiError as refused:
        if refused.status in {403, 404}:
            raise
        messages.error(request, refused.message)
        return redirect("stories:lexicon_version", version_id)
    messages.success(request, words)
    return redirect("stories:lexicon_version", made.pk)


@page(MANAGE)
@require_POST
def lexicon_approve(request: MemberRequest, version_id: uuid.UUID) -> HttpResponse:
    """核准, over exactly the text that was on the page."""
    digest = request.POST.get("digest", "")
    return _back(
        request, version_id, _("已核准，到生效日起用于检查。"),
        lambda: actions.lexicon_approve(by=request.user, version_id=version_id, digest=digest),
    )  # fmt: skip


@page(MANAGE)
@require_POST
def lexicon_refuse(request: MemberRequest, version_id: uuid.UUID) -> HttpResponse:
    """不核准, with a reason."""
    reason = request.POST.get("reason", "")
    return _back(
        request, version_id, _("已退回这个版本，词库没有变化。"),
        lambda: actions.lexicon_refuse(by=request.user, version_id=version_id, reason=reason),
    )  # fmt: skip


@page(MANAGE)
@require_POST
def lexicon_restore(request: MemberRequest, version_id: uuid.UUID) -> HttpResponse:
    """Propose an earlier version again."""
    note = request.POST.get("note", "")
    return _back(
        request, version_id, _("已提交，等另一人核准后生效。"),
        lambda: actions.lexicon_restore(by=request.user, version_id=version_id, note=note),
    )  # fmt: skip


@page("stories.view")
@require_safe
def lexicon_export(request: MemberRequest, version_id: uuid.UUID) -> HttpResponse:
    """A version as CSV or Excel (`?as=xlsx`)."""
    version = lexicons.version_for(request.user, version_id)
    ending = "xlsx" if request.GET.get("as") == "xlsx" else "csv"
    kind, write = _KINDS[ending]
    answer = HttpResponse(
        write(version.entries, lexicon_sheets.SHAPES[version.lexicon.kind]), content_type=kind
    )
    name = f"{version.lexicon.name}-{version.number}.{ending}"
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer
