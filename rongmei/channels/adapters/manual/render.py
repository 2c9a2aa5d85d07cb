"""Turns a publication's HTML into HTML that survives pasting into a platform's editor.

Editors such as WeChat's keep inline styles and drop everything else: no classes, no style sheets,
no outside links. So this payload, and only this one, carries its style inline, in px.
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

from typing_extensions import override

_TEXT = "font-size:16px;line-height:1.75;color:#333333;letter-spacing:0.5px;"
# Tag → (tag to write, style).
_STYLED: Final[dict[str, tuple[str, str]]] = {
    "p": ("p", f"margin:0 0 16px 0;text-align:justify;{_TEXT}"),
    "h2": ("section", "margin:28px 0 14px 0;font-size:18px;line-height:1.5;font-weight:bold;color:#0a6966;"),
    "h3": ("section", "margin:24px 0 12px 0;font-size:17px;line-height:1.5;font-weight:bold;color:#222222;"),
    "blockquote": (
        "section",
        f"margin:0 0 16px 0;padding:4px 0 4px 14px;border-left:3px solid #0a6966;{_TEXT}color:#666666;",
    ),
    "figure": ("section", "margin:0 0 16px 0;text-align:center;"),
    "summary": ("p", f"margin:8px 0 0 0;{_TEXT}font-weight:bold;"),
    "figcaption": ("p", "margin:8px 0 0 0;font-size:13px;line-height:1.6;color:#888888;text-align:center;"),
    "ul": ("ul", f"margin:0 0 16px 0;padding-left:22px;{_TEXT}"),
    "ol": ("ol", f"margin:0 0 16px 0;padding-left:22px;{_TEXT}"),
    "li": ("li", "margin:0 0 6px 0;"),
    "strong": ("strong", "font-weight:bold;"),
    "b": ("strong", "font-weight:bold;"),
    "em": ("em", "font-style:italic;"),
    "i": ("em", "font-style:italic;"),
    "cite": ("span", "font-style:normal;color:#888888;"),
    "table": ("table", f"border-collapse:collapse;width:100%;margin:0 0 16px 0;{_TEXT}"),
    "thead": ("thead", "background:#f2f6f6;"),
    "tbody": ("tbody", ""),
    "tr": ("tr", ""),
    "th": ("th", "border:1px solid #d5dcdc;padding:6px 8px;font-weight:bold;text-align:left;"),
    "td": ("td", "border:1px solid #d5dcdc;padding:6px 8px;text-align:left;"),
    "time": ("strong", "font-weight:bold;color:#0a6966;"),
    "footer": ("p", "margin:6px 0 0 0;font-size:14px;line-height:1.6;color:#888888;"),
}  # fmt: skip
_HERE = "margin:0;padding:16px;border:1px dashed #0a6966;color:#0a6966;text-align:center;"
_PLAYED: Final = {"video": "【此处插入视频】", "audio": "【此处插入音频】"}
_IMAGE = "display:block;max-width:100%;height:auto;margin:0 auto;"


class _Styler(HTMLParser):
    """Writes each known tag with its style; unknown tags lose the tag and keep their words."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.out: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag in _PLAYED:
            # Platforms take videos through their own upload only: say where it goes.
            self.out.append(f'<p style="{_HERE}">{_PLAYED[tag]}</p>')
        elif tag == "img":
            source = escape(urljoin(self.base, held.get("src") or ""), quote=True)
            words = escape(held.get("alt") or "", quote=True)
            self.out.append(f'<img src="{source}" alt="{words}" style="{_IMAGE}">')
        elif tag == "br":
            self.out.append("<br>")
        elif tag in _STYLED:
            name, style = _STYLED[tag]
            self.out.append(f'<{name} style="{style}">')

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in _STYLED:
            self.out.append(f"</{_STYLED[tag][0]}>")

    @override
    def handle_data(self, data: str) -> None:
        self.out.append(escape(data, quote=False))


def inline_styled(html: str, *, base: str) -> str:
    """`html` with inline styles and absolute picture addresses; links become plain words."""
    styler = _Styler(base)
    styler.feed(html)
    styler.close()
    return f'<section style="{_TEXT}">{"".join(styler.out).strip()}</section>'
