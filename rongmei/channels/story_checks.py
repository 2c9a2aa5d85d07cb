"""What the channels a writer wishes for ask of a story: lengths, pictures, video. Only known figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext_noop as _

from rongmei.channels.adapters.manual.platforms import PLATFORMS, Platform
from rongmei.stories.types import CheckedText, Finding, Level

ADVICE: Final = {
    "channel_title": _("“%(channel)s”的标题最多 %(most)s 字，现有 %(have)s 字。请缩短，或另写渠道标题。"),
    "channel_digest": _("“%(channel)s”的摘要最多 %(most)s 字，现有 %(have)s 字。"),
    "channel_author": _("“%(channel)s”的作者最多 %(most)s 字，现有 %(have)s 字。"),
    "channel_body": _("“%(channel)s”的正文最多 %(most)s 字，现有 %(have)s 字。"),
    "channel_picture": _("“%(channel)s”至少要 %(most)s 张图片或一段视频，现有 %(have)s 张。"),
    "channel_video": _("“%(channel)s”以视频为主，稿件里还没有视频。"),
}  # fmt: skip


def _told(
    platform: Platform, code: str, part: str, have: int, most: int, found: str = ""
) -> Finding:
    values = {"channel": str(platform.label), "have": str(have), "most": str(most)}
    return Finding(
        Level.HINT, code, part, most if found else 0, have if found else 0, found, "", ADVICE[code],
        values=values,
    )  # fmt: skip


def check(text: CheckedText) -> Iterator[Finding]:
    """The checker: each channel that is wanted, by the limits it publishes."""
    pictures = sum(
        picture.get("kind", "picture") == "picture" for picture, _caption in text.pictures
    )
    videos = sum(picture.get("kind") == "video" for picture, _caption in text.pictures)
    for key in text.channels:
        platform = PLATFORMS.get(key)
        if platform is None:
            continue
        own = text.channel_titles.get(key, "")
        title = own or text.part("title")
        for code, part, words, most in (
            ("channel_title", "channel_titles" if own else "title", title, platform.title),
            ("channel_digest", "summary", text.part("summary"), platform.digest),
            ("channel_author", "byline", text.part("byline"), platform.author),
            ("channel_body", "body", text.part("body"), platform.body),
        ):
            if most and len(words) > most:
                # A whole body is no place to lead to, and a headline of a channel has no box of its own.
                found = words[most:] if part in {"title", "summary", "byline"} else ""
                yield _told(platform, code, part, len(words), most, found)
        if platform.pictures > pictures and not videos:
            yield _told(platform, "channel_picture", "pictures", pictures, platform.pictures)
        if platform.video and not videos:
            yield _told(platform, "channel_video", "pictures", 0, 1)
