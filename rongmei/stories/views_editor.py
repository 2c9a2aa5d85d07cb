"""Wagtail's edit and preview pages, saving through our action."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from typing_extensions import override
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.side_panels import BaseSidePanel, PreviewSidePanel
from wagtail.snippets.views.snippets import EditView, PreviewOnEditView

from rongmei.kernel.errors import NotFound, RongmeiError
from rongmei.planning import selectors as planning
from rongmei.stories import actions, package
from rongmei.stories import policy as rules
from rongmei.stories.actions.writing import EDITABLE
from rongmei.stories.errors import StoryChanged
from rongmei.stories.models import Story
from rongmei.stories.views_remarks import talk_of

AUTOSAVE_MS: Final = 3000


def _revision(posted: str | None) -> int | None:
    return int(posted) if posted and posted.isdigit() else None


class MaterialSidePanel(BaseSidePanel):
    """素材: what the piece is for."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        """The button that opens it."""

        aria_label = _("素材")
        icon_name = "clipboard-list"

    name = "material"
    title = _("素材")
    template_name = "stories/editor_material.html"
    order = 50
    toggle_class = SidePanelToggle

    @override
    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(parent_context)
        story: Story = self.object
        task = None
        if story.task_id:
            try:
                task = planning.task_for(self.request.user, story.task_id)
            except NotFound:
                task = None
        context.update(story=story, task=task)
        return context


class ChecksSidePanel(BaseSidePanel):
    """检查: what the machine says of the text while it is written; `views_live` fills it."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        """The button that opens it, with the number of findings."""

        aria_label = _("检查")
        icon_name = "check"

    name = "checks"
    title = _("检查")
    template_name = "stories/editor_checks.html"
    order = 40


class TalkSidePanel(BaseSidePanel):
    """讨论: remarks on the text and its passages."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        """The button that opens it, with the number of remarks that wait."""

        aria_label = _("讨论")
        icon_name = "comment"

    name = "talk"
    title = _("讨论")
    template_name = "stories/editor_talk.html"
    order = 60
    toggle_class = SidePanelToggle

    @override
    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(parent_context)
        context.update(talk_of(self.request, self.object), csrf_token=get_token(self.request))
        return context


class StoryEditView(EditView):
    """Wagtail's editor for one story. It keeps presence, autosave and preview, and saves through
    `story_save`: hash, revision, audit line and the rules are the same as everywhere."""

    template_name = "stories/editor.html"
    success_message = _("已保存。")
    page_title = _("写稿")

    @override
    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        # In review every save is weighed against the signature before it: only saves on purpose.
        self.autosave_enabled = self.object.state in rules.WRITABLE
        self.autosave_interval = AUTOSAVE_MS

    @override
    def save_instance(self) -> Story:
        posted = self.request.POST
        data = self.form.cleaned_data
        base = _revision(posted.get("overwrite_revision_id")) or _revision(
            posted.get("loaded_revision_id")
        )
        saved = actions.story_save(
            by=self.request.user, story_id=self.object.pk, base_revision=base,
            fields={name: data[name] for name in EDITABLE if name in data},
            automatic=self.expects_json_response,
        )  # fmt: skip
        self.new_revision = saved.latest_revision
        self.form.instance = saved
        return saved

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        self.form = form
        try:
            self.object = self.save_instance()
        except StoryChanged as refused:
            self.produced_error_code, self.produced_error_message = (
                refused.code,
                str(
                    _(
                        "有人在你写作时保存了新版本。你的文字还在下面，没有丢；再点“保存”将以你的版本为准，对方的版本留在历史里，可在稿件页比较。"
                    )
                    if not self.expects_json_response
                    else refused.message
                ),
            )
            self.object.refresh_from_db(fields=["latest_revision"])
            return self._not_saved(form)
        except RongmeiError as refused:
            self.produced_error_code, self.produced_error_message = refused.code, refused.message
            return self._not_saved(form)
        for name in ("latest_revision", "latest_revision_created_at"):
            self.__dict__.pop(name, None)
        return self.save_action()

    def _not_saved(self, form: Any) -> HttpResponse:
        response: HttpResponse = self.form_invalid(form)
        return response

    @override
    def save_action(self) -> HttpResponse:
        if self.expects_json_response:
            response: HttpResponse = super().save_action()
            return response
        messages.success(self.request, self.get_success_message())
        if not rules.may_edit(self.request.user, self.object):
            return redirect("stories:story", self.object.pk)
        return redirect(self.get_edit_url())

    @override
    def get_success_message(self, instance: Any = None) -> str:
        return str(self.success_message)

    @override
    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        return [
            {"url": reverse("stories:list"), "label": str(_("稿件"))},
            {"url": reverse("stories:story", args=[self.object.pk]), "label": self.object.number},
            {"url": "", "label": str(_("写稿"))},
        ]

    @override
    def get_side_panels(self) -> MediaContainer:
        panels: list[Any] = [
            ChecksSidePanel(self.object, self.request),
            MaterialSidePanel(self.object, self.request),
        ]
        if not self.expects_json_response:
            panels.append(TalkSidePanel(self.object, self.request))
        if not self.expects_json_response:
            panels.append(
                PreviewSidePanel(self.object, self.request, preview_url=self.get_preview_url())
            )
        return MediaContainer(panels)

    @cached_property
    @override
    def header_more_buttons(self) -> list[Any]:
        return []

    @cached_property
    @override
    def can_delete(self) -> bool:
        return False

    @override
    def get_history_url(self) -> None:
        return None

    @override
    def get_usage_url(self) -> None:
        return None

    @override
    def get_inspect_url(self) -> None:
        return None


class StoryPreviewView(PreviewOnEditView):
    """The unsaved text as a reader will see it."""

    @override
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form(self._get_form_data(self._get_form_state()))
        if not self.validate_form(form):
            response: HttpResponse = self.error_response()
            return response
        story = form.save(commit=False)
        return render(request, "stories/preview.html", {"story": story, **package.reading(story)})
