"""Forms of the publishing desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.channels.hooks import ChannelAdapter
from rongmei.channels.models import Channel


class PublishForm(forms.Form):
    """Where to publish, and when."""

    channels = forms.ModelMultipleChoiceField(
        label=_("渠道"), queryset=Channel.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    due_at = forms.DateTimeField(
        label=_("定时发布"), required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        help_text=_("留空即立即发布。限时稿件须不早于限时。"),
    )  # fmt: skip
    content_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)


class ReasonForm(forms.Form):
    """Why a publication is taken back."""

    reason = forms.CharField(
        label=_("撤下理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("记入审计，并告知供稿单位。读者只会看到“已撤下”。"),
    )  # fmt: skip


class NoteForm(forms.Form):
    """What readers are told of a correction."""

    note = forms.CharField(
        label=_("更正说明"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("显示在正文上方。若稿件已重新签发，新文字会同时替换旧文字并重新投递。"),
    )  # fmt: skip


class ConfirmForm(forms.Form):
    """The receipt of what was posted by hand."""

    url = forms.URLField(label=_("发布链接"), max_length=1000, assume_scheme="https")
    posted_at = forms.DateTimeField(
        label=_("发布时间"), required=False, initial=timezone.localtime,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )  # fmt: skip
    screenshot = forms.FileField(
        label=_("截图"), required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG、JPEG 或 WebP,不超过 10 MB。系统记录它的 SHA-256,日后可验。"),
    )  # fmt: skip


class ChannelForm(forms.Form):
    """Name and settings of a channel; the adapter says which settings there are."""

    name = forms.CharField(label=_("名称"), max_length=60)
    is_active = forms.BooleanField(label=_("启用"), required=False, initial=True)
    order = forms.IntegerField(label=_("排序"), min_value=0, max_value=1000, initial=100)

    @override
    def __init__(self, *args: Any, adapter: ChannelAdapter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.adapter = adapter
        for one in adapter.settings:
            words: dict[str, Any] = {
                "label": one.label, "help_text": one.help, "required": one.required,
            }  # fmt: skip
            made: forms.Field = (
                forms.ChoiceField(choices=one.choices, **words)
                if one.choices
                else forms.CharField(max_length=300, **words)
            )
            self.fields[f"set_{one.key}"] = made

    def settings(self) -> dict[str, Any]:
        """The adapter's settings as they were filled in."""
        return {one.key: self.cleaned_data.get(f"set_{one.key}") for one in self.adapter.settings}
