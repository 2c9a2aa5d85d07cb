"""The adapter for everything posted by hand: prepares the text, asks a person, keeps the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings as django_settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rongmei.channels.adapters.manual.platforms import PLATFORMS, Platform
from rongmei.channels.adapters.manual.render import inline_styled
from rongmei.channels.errors import NeedsHuman
from rongmei.channels.types import (
    Can,
    ChannelInfo,
    Limit,
    Parcel,
    Rendered,
    Seen,
    Sent,
    SettingField,
)
from rongmei.kernel.text import shorten

# WeChat takes the first 54 characters as the digest when there is none.
_DEFAULT_DIGEST = 54


def platform_of(channel: ChannelInfo) -> Platform:
    """The platform a by-hand channel stands for."""
    return PLATFORMS.get(str(channel.settings.get("platform", "other")), PLATFORMS["other"])


class ManualAdapter:
    """Posts through a person: 复制发布."""

    key = "manual"
    label: object = gettext_lazy("复制发布（未接入接口）")
    can = Can.DRAFT
    settings: tuple[SettingField, ...] = (
        SettingField(
            "platform", gettext_lazy("平台"), required=True,
            choices=tuple((one.key, one.label) for one in PLATFORMS.values()),
        ),
        SettingField("account", gettext_lazy("账号名称"), gettext_lazy("如“云上能源”公众号。")),
    )  # fmt: skip

    def render(self, package: Mapping[str, Any], html: str, channel: ChannelInfo) -> Rendered:
        """Inline-styled HTML, and the platform's limits measured against this text."""
        platform = platform_of(channel)
        own = package.get("channel_titles") or {}
        title, author = str(own.get(platform.key) or package["title"]), str(package["byline"])
        digest = str(package["summary"]) or shorten(str(package["text"]), _DEFAULT_DIGEST)
        styled = inline_styled(html, base=django_settings.RONGMEI_NODE.url)
        measured = (
            (_("标题"), len(title), platform.title),
            (_("作者"), len(author), platform.author),
            (_("摘要"), len(digest), platform.digest),
            (_("正文（含标签）"), len(styled), platform.body),
        )
        limits = tuple(Limit(label, have, most) for label, have, most in measured if most)
        return Rendered(title, styled, str(package["text"]), author, digest, limits)

    def deliver(self, parcel: Parcel) -> Sent:
        """No interface: ask a person."""
        raise NeedsHuman

    def verify(self, parcel: Parcel) -> Seen:
        """No interface: the screenshot is the evidence."""
        raise NeedsHuman

    def withdraw(self, parcel: Parcel) -> dict[str, Any]:
        """No interface: ask a person to delete the post."""
        raise NeedsHuman(_("请到平台删除这条内容，然后在发布单上确认。"))
