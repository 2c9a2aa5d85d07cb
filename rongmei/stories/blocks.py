"""The blocks a story's body is made of."""

from __future__ import annotations

import copy
import uuid
from importlib import import_module
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from typing_extensions import override
from wagtail import blocks
from wagtail.coreutils import resolve_model_string
from wagtail.images.blocks import ImageChooserBlock

from rongmei.kernel.errors import BadInput
from rongmei.stories import embeds
from rongmei.stories.cells import CellsField

RICH = ["bold", "italic", "link", "ol", "ul", "hr"]
SHORT_RICH = ["bold", "italic", "link"]


class PictureBlock(blocks.StructBlock):
    """A picture with its caption and credit."""

    picture = ImageChooserBlock(label=_("图片"), required=False)
    caption = blocks.CharBlock(label=_("图片说明"), required=False, max_length=200)
    credit = blocks.CharBlock(label=_("摄影/署名"), required=False, max_length=80)

    class Meta:
        icon = "image"
        label = _("图片")
        template = "stories/blocks/picture.html"


class QuoteBlock(blocks.StructBlock):
    """Words somebody said, and who."""

    quote = blocks.TextBlock(label=_("引语"), required=False)
    speaker = blocks.CharBlock(label=_("说话人"), required=False, max_length=80)

    class Meta:
        icon = "openquote"
        label = _("引语")
        template = "stories/blocks/quote.html"


class ClipChooserBlock(blocks.ChooserBlock):
    """One of the unit's videos or recordings; the chooser is `views_clips.ClipChooser`."""

    @cached_property
    def target_model(self) -> Any:
        """The assets room's row, which this file cannot name."""
        return resolve_model_string("assets.Clip")

    @cached_property
    def widget(self) -> Any:
        """The button that opens the chooser; Wagtail's admin is loaded after the rows."""
        return import_module("rongmei.stories.views_clips").ClipInput()

    @override
    def bulk_to_python(self, values: Any) -> list[Any]:
        # JSON holds keys as text, rows have UUIDs: what is looked up by one is not found by the other.
        keys = [uuid.UUID(str(one)) if one else None for one in values]
        rows = self.model_class.objects.in_bulk([one for one in keys if one])
        return [copy.copy(rows[one]) if one in rows else None for one in keys]

    class Meta:
        icon = "media"


class ClipBlock(blocks.StructBlock):
    """A video or a recording with its poster, caption and transcript."""

    clip = ClipChooserBlock(label=_("音视频"), required=False)
    poster = ImageChooserBlock(label=_("封面"), required=False)
    caption = blocks.CharBlock(label=_("说明"), required=False, max_length=200)
    credit = blocks.CharBlock(label=_("摄制/署名"), required=False, max_length=80)
    transcript = blocks.TextBlock(label=_("文字稿"), required=False, rows=3)

    class Meta:
        icon = "media"
        label = _("音视频")


class LiveBlock(blocks.StructBlock):
    """One entry of a live report: when, what, and perhaps a picture."""

    at = blocks.DateTimeBlock(label=_("时间"), required=False)
    text = blocks.RichTextBlock(label=_("内容"), features=SHORT_RICH, required=False)
    picture = ImageChooserBlock(label=_("图片"), required=False)

    class Meta:
        icon = "time"
        label = _("直播条目")


class CellsBlock(blocks.FieldBlock):
    """Rows of cells; the first row is the header."""

    def __init__(self, **kwargs: Any) -> None:
        self.field = CellsField(label=kwargs.get("label"), required=False)
        super().__init__(**kwargs)

    @override
    def get_default(self) -> list[list[str]]:
        return []

    @override
    def get_searchable_content(self, value: list[list[str]]) -> list[str]:
        return []


class TableBlock(blocks.StructBlock):
    """A small table of figures."""

    caption = blocks.CharBlock(label=_("表题"), required=False, max_length=80)
    cells = CellsBlock(label=_("数据"))

    class Meta:
        icon = "table"
        label = _("数据表")


class EmbedBlock(blocks.StructBlock):
    """A page of another site, shown as a link with its title."""

    url = blocks.URLBlock(label=_("网址"), required=False, max_length=embeds.MAX_URL)
    title = blocks.CharBlock(label=_("标题"), required=False, max_length=80)

    class Meta:
        icon = "link-external"
        label = _("外部内容")

    @override
    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned["url"]:
            try:
                embeds.allowed(cleaned["url"])
            except BadInput as error:
                refused = ValidationError(error.message)
                raise blocks.StructBlockValidationError(block_errors={"url": refused}) from error
        return cleaned


# What is still empty must not keep the rest of a draft from being saved, so hardly anything here is
# required: people leave room first and fill it later.
BODY_BLOCKS = [
    (
        "paragraph",
        blocks.RichTextBlock(label=_("段落"), icon="pilcrow", features=RICH, required=False),
    ),
    ("heading", blocks.CharBlock(label=_("小标题"), icon="title", max_length=60, required=False)),
    ("picture", PictureBlock()),
    ("clip", ClipBlock()),
    ("quote", QuoteBlock()),
    ("live", LiveBlock()),
    ("table", TableBlock()),
    ("embed", EmbedBlock()),
]
