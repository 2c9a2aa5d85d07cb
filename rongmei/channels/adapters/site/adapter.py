"""The adapter of our own site: the portal shows what this adapter has accepted.

The page opens in the transaction that notes the delivery, so it opens exactly once. Afterwards the
page is fetched over HTTP like any reader would, and compared with the frozen text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from selectolax.lexbor import LexborHTMLParser

from rongmei.channels.errors import Retriable
from rongmei.channels.types import Can, ChannelInfo, Parcel, Rendered, Seen, Sent, SettingField
from rongmei.kernel import http
from rongmei.kernel.text import sha256

_SPACES = re.compile(r"\s+")
_LIMITS = http.Limits(total=20.0, max_bytes=4 * 1024 * 1024)
GONE = 410


def bare(text: str) -> str:
    """The text without white space: layout may change it, words may not."""
    return _SPACES.sub("", text)


def text_of(html: str) -> str:
    """The words of a piece of HTML."""
    return LexborHTMLParser(html).text(separator="")


def read_page(html: str) -> tuple[str, str]:
    """Title and text of an article page; what the page adds around the text is left out."""
    tree = LexborHTMLParser(html)
    title = tree.css_first("h1[data-article-title]")
    body = tree.css_first("[data-article-text]")
    if body is not None:
        for added in body.css("[data-added]"):
            added.decompose()
    return (
        title.text() if title is not None else "",
        body.text(separator="") if body is not None else "",
    )


def difference(expected: str, found: str) -> str:
    """The first place where two texts part, with a few characters around it; "" when equal."""
    if expected == found:
        return ""
    at = next(
        (i for i, (one, two) in enumerate(zip(expected, found, strict=False)) if one != two),
        min(len(expected), len(found)),
    )
    return _("第 %(at)d 字起不同：应为“%(expected)s”，页面是“%(found)s”") % {
        "at": at + 1,
        "expected": expected[at : at + 20],
        "found": found[at : at + 20],
    }


class SiteAdapter:
    """Publishes on the portal of this node."""

    key = "site"
    label: object = gettext_lazy("本站门户")
    can = Can.PUBLISH | Can.VERIFY | Can.WITHDRAW | Can.METRICS
    settings: tuple[SettingField, ...] = (
        SettingField(
            "title", gettext_lazy("站点名称"), gettext_lazy("显示在门户页首，如“云上新闻”。")
        ),
        SettingField("title_en", gettext_lazy("站点英文名")),
        SettingField("about", gettext_lazy("页脚说明"), gettext_lazy("主办单位、联系方式等。")),
    )

    def render(self, package: Mapping[str, Any], html: str, channel: ChannelInfo) -> Rendered:
        """The site shows the package as it is."""
        return Rendered(
            title=str(package["title"]), html=html, text=str(package["text"]),
            author=str(package["byline"]), digest=str(package["summary"]),
        )  # fmt: skip

    def deliver(self, parcel: Parcel) -> Sent:
        """Accept it: the page opens when the acceptance is written."""
        return Sent(parcel.site_url, {"text_sha256": sha256(bare(text_of(parcel.html)))})

    def verify(self, parcel: Parcel) -> Seen:
        """Fetch the page and compare title and text, character by character."""
        answer = self._fetch(parcel.site_url)
        title, text = read_page(answer.body.decode("utf-8", "replace"))
        found = bare(text)
        parts = (
            difference(bare(parcel.title), bare(title)),
            difference(bare(text_of(parcel.html)), found),
        )
        said = ";".join(part for part in parts if part)
        receipt = {"status": answer.status, "text_sha256": sha256(found), "ms": answer.elapsed_ms}
        return Seen(same=not said, difference=said, receipt=receipt)

    def withdraw(self, parcel: Parcel) -> dict[str, Any]:
        """The page is gone with the publication's state; make sure that readers get 410."""
        answer = self._fetch(parcel.site_url, expect={GONE})
        if answer.status != GONE:
            raise Retriable(_("页面还能打开，撤下尚未生效。系统会自动重试。"))
        return {"status": answer.status}

    def _fetch(self, url: str, expect: frozenset[int] | set[int] = frozenset()) -> http.Response:
        host = urlsplit(url)
        port = host.port or (443 if host.scheme == "https" else 80)
        try:
            # Our own address is internal on purpose: only this host and port are let through.
            return http.fetch(
                url,
                headers={"accept-language": "zh-CN", "cache-control": "no-cache"},
                allow={f"{host.hostname}:{port}"},
                expect=expect,
                limits=_LIMITS,
            )
        except http.HttpError as error:
            raise Retriable(str(error), defer=error.retry_after) from error
