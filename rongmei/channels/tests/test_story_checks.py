"""What wanted channels ask of a story: a table of texts."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone
from django.utils.translation import override

from rongmei.channels import story_checks
from rongmei.channels.adapters.manual.platforms import PLATFORMS
from rongmei.stories import canonical, checking, findings
from rongmei.stories.tests import newsroom
from rongmei.stories.types import CheckedText


def found(*channels, pictures=(), titles=None, **parts):
    text = CheckedText(
        uuid.uuid4(), tuple(parts.items()), timezone.now(), channels=channels,
        pictures=tuple((one, "") for one in pictures), channel_titles=titles or {},
    )  # fmt: skip
    return {(one.code, one.values["have"], one.values["most"]) for one in story_checks.check(text)}


@pytest.mark.parametrize(
    ("channels", "more", "expected"),
    [
        ((), {"title": "长" * 60}, set()),
        (("site",), {"title": "长" * 60}, set()),
        (("wechat",), {"title": "长" * 32}, set()),
        (("wechat",), {"title": "长" * 33}, {("channel_title", "33", "32")}),
        (("wechat",), {"title": "长" * 33, "titles": {"wechat": "短题"}}, set()),
        (("wechat",), {"title": "题", "titles": {"wechat": "长" * 40}}, {("channel_title", "40", "32")}),
        (("wechat", "toutiao"), {"title": "长" * 31}, {("channel_title", "31", "30")}),
        (("wechat",), {"summary": "长" * 129}, {("channel_digest", "129", "128")}),
        (("wechat",), {"byline": "长" * 17}, {("channel_author", "17", "16")}),
        (("wechat",), {"body": "长" * 20_001}, {("channel_body", "20001", "20000")}),
        (("xiaohongshu",), {}, {("channel_picture", "0", "1")}),
        (("xiaohongshu",), {"pictures": [{"title": "示例"}]}, set()),
        (("xiaohongshu",), {"pictures": [{"kind": "video"}]}, set()),
        (("douyin",), {"pictures": [{"title": "示例"}]}, {("channel_video", "0", "1")}),
        (("douyin",), {"pictures": [{"kind": "video"}]}, set()),
        (("gone",), {"title": "长" * 60}, set()),
    ],
)  # fmt: skip
def test_a_channel_asks_only_where_it_is_wanted(channels, more, expected):
    assert found(*channels, **more) == expected


def test_the_page_names_the_channel_and_the_figures(cast):
    story = newsroom.draft(cast, title="长" * 33, channels_wanted=["wechat"])
    report = checking.run(story, canonical.content_of(story))
    (one,) = [one.as_json() for one in report.findings if one.code == "channel_title"]
    (shown,) = findings.shown(story, [one])
    assert shown["advice"] == "“微信公众号”的标题最多 32 字，现有 33 字。请缩短，或另写渠道标题。"
    assert shown["found"] == "长" and shown["may_settle"]


def test_names_of_channels_are_in_the_readers_language():
    assert {key for key, one in PLATFORMS.items() if one.video} == {"douyin", "kuaishou", "bilibili", "shipinhao"}  # fmt: skip
    with override("en"):
        text = CheckedText(
            uuid.uuid4(), (("title", "x" * 40),), timezone.now(), channels=("wechat",)
        )
        (one,) = story_checks.check(text)
    assert "WeChat" in one.values["channel"]
