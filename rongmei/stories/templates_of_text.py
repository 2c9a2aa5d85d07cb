"""What a new story starts with: the skeleton of each kind of piece, in the trade's terms."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

# key → (name for people, blocks to begin with). The skeletons are Chinese, as the stories are.
TEMPLATES: Final[dict[str, tuple[object, list[tuple[str, Any]]]]] = {
    "news": (
        _("消息"),
        [
            ("paragraph", "<p>导语：何时、何地、何人、何事。</p>"),
            ("paragraph", "<p>主体：经过、做法、数据与现场的话。</p>"),
            ("paragraph", "<p>背景：为什么现在做，有什么不同。</p>"),
        ],
    ),
    "feature": (
        _("通讯"),
        [
            ("paragraph", "<p>从一个现场写起。</p>"),
            ("heading", "小标题一"),
            ("paragraph", "<p>人物、细节、原话。</p>"),
            ("heading", "小标题二"),
            ("paragraph", "<p>做法与成效，数据注明出处。</p>"),
        ],
    ),
    "pictures": (_("图片"), [("paragraph", "<p>图片说明：何时、何地、何人、何事。</p>")]),
    "video": (
        _("短视频"),
        [
            ("paragraph", "<p>一句话：发生了什么，为什么值得看。</p>"),
            ("clip", {"clip": None, "poster": None, "caption": "", "credit": "", "transcript": ""}),
            ("paragraph", "<p>画面说明：何时、何地、何人、何事；同期声写进文字稿。</p>"),
        ],
    ),
    "repair": (
        _("抢修"),
        [
            ("paragraph", "<p>何时因何停电，影响多少户。</p>"),
            ("paragraph", "<p>出动多少人、多少车，采取哪些措施。</p>"),
            ("paragraph", "<p>何时恢复，后续安排与服务电话。</p>"),
        ],
    ),
    "service": (
        _("服务"),
        [
            ("paragraph", "<p>谁需要知道，要办什么事。</p>"),
            ("paragraph", "<p>怎么办：时间、地点、材料、电话。</p>"),
        ],
    ),
}


def starting_body(key: str) -> list[dict[str, Any]]:
    """Raw blocks for a template key; an empty paragraph for none."""
    _name, blocks = TEMPLATES.get(key, ("", [("paragraph", "")]))
    return [{"type": kind, "value": value} for kind, value in blocks]
