"""Where Wagtail looks for what rooms add to it (the name is Wagtail's)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from wagtail import hooks
from wagtail.snippets.models import register_snippet

from rongmei.stories.views_clips import CHOOSER, ClipChooser
from rongmei.stories.views_layout import StoryViewSet

register_snippet(StoryViewSet)


@hooks.register("insert_global_admin_css")  # type: ignore[untyped-decorator] # Wagtail has no types
def our_look() -> str:
    """Our tokens and the editor's own sheet, so that writing feels like the rest of the desk."""
    sheets = ("ui/tokens.css", "stories/editor.css", "stories/remarks.css")
    return format_html(
        "".join('<link rel="stylesheet" href="{}">' for _one in sheets), *map(static, sheets)
    )


@hooks.register("insert_editor_js")  # type: ignore[untyped-decorator] # Wagtail has no types
def our_scripts() -> str:
    """Plain links instead of Wagtail's page tree, typing that is saved to the last key, data tables,
    remarks, and the machine's findings while one writes."""
    scripts = (
        "stories/editor.js", "stories/cells.js", "stories/remarks.js", "stories/paste.js", "stories/checks.js",
    )  # fmt: skip
    return format_html(
        "".join('<script src="{}"></script>' for _one in scripts), *map(static, scripts)
    )


@hooks.register("insert_editor_js")  # type: ignore[untyped-decorator] # Wagtail has no types
def kept_text() -> str:
    """What is typed stays in the browser until the server has it: sessions end, lines break."""
    return format_html('<script src="{}" defer></script>', static("stories/keep.js"))


@hooks.register("register_admin_viewset")  # type: ignore[untyped-decorator] # Wagtail has no types
def clip_chooser() -> ClipChooser:
    """Videos and recordings to choose from."""
    return CHOOSER


@hooks.register("construct_image_chooser_queryset")  # type: ignore[untyped-decorator] # Wagtail has no types
def pictures_by_words(pictures: Any, request: HttpRequest) -> Any:
    """Pictures whose name, caption or author holds every word that was looked for."""
    for word in getattr(request, "rongmei_words", "").split()[:5]:
        pictures = pictures.filter(
            Q(title__icontains=word) | Q(caption__icontains=word) | Q(credit__icontains=word)
        )
    return pictures
