"""The editor's form layout, and its registration with Wagtail."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.snippets.views.snippets import SnippetViewSet

from rongmei.stories.editor.fields import WordsField
from rongmei.stories.models import Story
from rongmei.stories.views_editor import StoryEditView, StoryPreviewView


class StoryForm(WagtailAdminModelForm):
    """The editor's form."""

    tags = WordsField(label=_("标签"), required=False, help_text=_("用顿号或空格隔开"))
    language = forms.ChoiceField(label=_("语种"), choices=[("zh", _("中文")), ("en", "English")])


PANELS = ObjectList(
    [
        MultiFieldPanel(
            [
                FieldPanel("title", classname="title"),
                FieldRowPanel([FieldPanel("kicker"), FieldPanel("subtitle")]),
                FieldPanel("summary", widget=forms.Textarea({"rows": 2})),
            ],
            heading=_("标题"),
        ),
        FieldPanel("body"),
        FieldPanel("lead_picture"),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("byline"), FieldPanel("origin")]),
                FieldRowPanel([FieldPanel("place"), FieldPanel("category")]),
                FieldRowPanel([FieldPanel("tags"), FieldPanel("language")]),
            ],
            heading=_("署名与归类"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("rights_basis"),
                FieldPanel("features_exemplar"),
                FieldPanel("embargo_until"),
            ],
            heading=_("权利与发布条件"),
        ),
    ],
    base_form_class=StoryForm,
)


class StoryViewSet(SnippetViewSet):
    """Only its edit and preview routes are open; see `routes.py`."""

    model = Story
    icon = "doc-full"
    add_to_admin_menu = False
    copy_view_enabled = False
    inspect_view_enabled = False
    edit_view_class = StoryEditView
    preview_on_edit_view_class = StoryPreviewView
    edit_template_name = "stories/editor.html"
    edit_handler = PANELS
