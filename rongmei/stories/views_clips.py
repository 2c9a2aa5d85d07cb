"""Choosing a video or a recording in the editor: Wagtail's chooser over what the member may see."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from typing_extensions import override
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import chooser
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.admin.widgets import BaseChooser

from rongmei.assets import selectors as assets


class ClipInput(BaseChooser):
    """The field of a chosen clip."""

    model = "assets.Clip"
    choose_one_text = _("选择音视频")
    choose_another_text = _("换一个")
    clear_choice_text = _("去掉")
    show_edit_link = False
    icon = "media"
    chooser_modal_url_name = "clip_chooser:choose"

    @override
    def get_value_data_from_instance(self, instance: Any) -> dict[str, Any]:
        return {"id": str(instance.pk), "edit_url": None, "title": instance.title}


class WordsForm(BaseFilterForm):
    """Words to look for in name, caption and author."""

    q = forms.CharField(label=_("找音视频"), required=False)

    @override
    def filter(self, objects: QuerySet[Any]) -> QuerySet[Any]:
        objects = super().filter(objects)
        words = self.cleaned_data["q"]
        self.is_searching, self.search_query = bool(words), words
        for word in words.split()[:5]:
            objects = objects.filter(
                Q(title__icontains=word) | Q(caption__icontains=word) | Q(credit__icontains=word)
            )
        return objects


class ClipsInReach:
    """What all views of the chooser have in common."""

    filter_form_class = WordsForm
    request: Any

    def get_object_list(self) -> QuerySet[Any]:
        """Clips of the units whose media the member may see."""
        return assets.clips_visible_to(self.request.user)

    @property
    def columns(self) -> list[Column]:
        """Name, kind, length and unit."""
        return [
            *super().columns,  # type: ignore[misc] # Wagtail's view stands beside it
            Column("kind", label=_("类别"), accessor="get_kind_display"),
            Column("length", label=_("时长"), accessor="length"),
            Column("unit", label=_("单位"), accessor="unit"),
        ]

    def can_create(self) -> bool:
        """Files are uploaded on our own page."""
        return False

    def get_object(self, pk: str) -> Any:
        """One clip in reach; a chooser answers 404 for any other."""
        return self.get_objects([pk]).get()

    def get_objects(self, pks: list[str]) -> QuerySet[Any]:
        """Several clips in reach; what is no key is none of them."""
        try:
            return self.get_object_list().filter(pk__in=pks)
        except ValidationError as error:
            raise ObjectDoesNotExist from error

    def get_edit_item_url(self, instance: Any) -> None:
        """There is none in the editor."""
        return


class ClipChoose(ClipsInReach, chooser.ChooseView):
    """The chooser."""


class ClipResults(ClipsInReach, chooser.ChooseResultsView):
    """Its list, while one looks for words."""


class ClipChosen(ClipsInReach, chooser.ChosenView):
    """The answer for a chosen one."""


class ClipChooser(ChooserViewSet):
    """Registered in wagtail_hooks; its routes stand in `editor/routes.py`."""

    model = "assets.Clip"
    icon = "media"
    choose_one_text = _("选择音视频")
    choose_another_text = _("换一个")
    register_widget = False
    choose_view_class = ClipChoose
    choose_results_view_class = ClipResults
    chosen_view_class = ClipChosen


CHOOSER = ClipChooser("clip_chooser", url_prefix="clips/chooser")
