"""The blocks a story's body is made of."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageChooserBlock

RICH = ["bold", "italic", "link", "ol", "ul", "hr"]


class PictureBlock(blocks.StructBlock):
    """A picture with its caption and credit."""

    picture = ImageChooserBlock(label=_("图片"))
    caption = blocks.CharBlock(label=_("图片说明"), required=False, max_length=200)
    credit = blocks.CharBlock(label=_("摄影/署名"), required=False, max_length=80)

    class Meta:
        icon = "image"
        label = _("图片")
        template = "stories/blocks/picture.html"


class QuoteBlock(blocks.StructBlock):
    """Words somebody said, and who."""

    quote = blocks.TextBlock(label=_("引语"))
    speaker = blocks.CharBlock(label=_("说话人"), required=False, max_length=80)

    class Meta:
        icon = "openquote"
        label = _("引语")
        template = "stories/blocks/quote.html"


BODY_BLOCKS = [
    # An empty paragraph is how people leave room; it must not keep the rest from being saved.
    (
        "paragraph",
        blocks.RichTextBlock(label=_("段落"), icon="pilcrow", features=RICH, required=False),
    ),
    ("heading", blocks.CharBlock(label=_("小标题"), icon="title", max_length=60)),
    ("picture", PictureBlock()),
    ("quote", QuoteBlock()),
]
