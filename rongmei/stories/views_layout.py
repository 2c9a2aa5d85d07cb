"""The editor's form layout, and its registration with Wagtail."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.snippets.views.snippets import SnippetViewSet

from rongmei.stories import particulars
from rongmei.stories.editor.beside import ChannelTitlesField, CreditsField, SubjectsField
from rongmei.stories.editor.fields import WordsField
from rongmei.stories.models import Story
from rongmei.stories.views_editor import StoryEditView, StoryPreviewView


class StoryForm(WagtailAdminModelForm):
    """The editor's form."""

    tags = WordsField(label=_("标签"), required=False, help_text=_("用顿号或空格隔开"))
    credits = CreditsField(
        label=_("署名分工"), help_text=_("每行一人：姓名 分工 份额，如“示例甲 文 60”；份额可都不填")
    )
    channel_titles = ChannelTitlesField(
        label=_("渠道标题"), help_text=_("每行一个：渠道：标题，如“微信公众号：……”；不写就用主题")
    )
    subjects = SubjectsField(
        label=_("主题分类"), required=False, help_text=_("分类表里的名称或代码，用顿号隔开")
    )
    channels_wanted = forms.MultipleChoiceField(
        label=_("期望渠道"),
        required=False,
        choices=lambda: list(particulars.channels_known().items()),
        widget=forms.CheckboxSelectMultiple,
    )
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
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("short_title"), FieldPanel("channel_titles")])],
            heading=_("短标题与渠道标题"),
            classname="collapsed",
        ),
        FieldPanel("body"),
        FieldPanel("lead_picture"),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("byline"), FieldPanel("origin")]),
                FieldPanel("credits"),
                FieldRowPanel([FieldPanel("place"), FieldPanel("category")]),
                FieldPanel("subjects"),
                FieldRowPanel([FieldPanel("tags"), FieldPanel("language")]),
            ],
            heading=_("署名与归类"),
            classname="collapsed",
        ),
        MultiFieldPanel(
            [
                FieldPanel("rights_basis"),
                FieldPanel("features_exemplar"),
                FieldPanel("embargo_until"),
                FieldPanel("channels_wanted"),
            ],
            heading=_("权利与发布条件"),
            classname="collapsed",
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
