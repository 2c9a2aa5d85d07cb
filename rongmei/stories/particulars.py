"""What is said of a story beside its text: who has which share in it, what it is called elsewhere, what
it is about, and where it should go. Pure functions: cleaning, and what of it a signature covers.

A signature covers each of these only where there is something to say, so that stories signed before
keep their hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rongmei.kernel import plugins
from rongmei.kernel.errors import BadInput

# key → name for people. The order is that of a byline.
ROLES: Final[dict[str, object]] = {
    "text": gettext_lazy("文"),
    "picture": gettext_lazy("图"),
    "video": gettext_lazy("视频"),
    "edit": gettext_lazy("编辑"),
}
COVERED: Final = ("short_title", "channel_titles", "credits", "subjects")
MAX_PEOPLE: Final = 20
MAX_SUBJECTS: Final = 20
MAX_TITLE: Final = 80


def covered(story: Any) -> dict[str, Any]:
    """What a signature covers of them, by name; what is empty is left out."""
    return {name: value for name in COVERED if (value := getattr(story, name))}


def credits_of(value: Any) -> list[dict[str, Any]]:
    """People with a role and a share in percent. Shares are all given and make 100, or none is.

    Raises BadInput.
    """
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise BadInput(_("署名分工的格式不对，没有保存。"))
    kept: list[dict[str, Any]] = []
    for one in value:
        name, role = str(one.get("name") or "").strip()[:40], str(one.get("role") or "text")
        if not name:
            continue
        if role not in ROLES:
            raise BadInput(
                _("没有“%(role)s”这种分工，没有保存。可用：%(known)s。")
                % {"role": role, "known": "、".join(map(str, ROLES.values()))}
            )
        kept.append({"name": name, "role": role, "share": _share(one.get("share"))})
    if len(kept) > MAX_PEOPLE:
        raise BadInput(_("署名最多 %(n)s 人，没有保存。") % {"n": MAX_PEOPLE})
    total = sum(one["share"] for one in kept)
    if any(one["share"] for one in kept) and (
        total != 100 or not all(one["share"] for one in kept)
    ):
        raise BadInput(
            _("各人份额合计应为 100%%，现在是 %(n)s%%，没有保存。也可以都不填份额。") % {"n": total}
        )
    return kept


def _share(value: Any) -> int:
    text = str(value or "0").strip().removesuffix("%")
    if not text.isascii() or not text.isdigit() or int(text) > 100:
        raise BadInput(_("份额应为 1 到 100 的整数，没有保存。"))
    return int(text)


def channels_known() -> dict[str, str]:
    """Key → name of every channel that rooms above publish on."""
    return {
        key: str(label)
        for some in plugins.manager.hook.register_wanted_channels()
        for key, label in some
    }


def channel_titles_of(value: Any) -> dict[str, str]:
    """Title by channel, for channels that are known. Raises BadInput."""
    if not isinstance(value, Mapping):
        raise BadInput(_("渠道标题的格式不对，没有保存。"))
    kept = {str(key): str(title).strip() for key, title in value.items() if str(title).strip()}
    _known(kept)
    if any(len(title) > MAX_TITLE for title in kept.values()):
        raise BadInput(_("渠道标题最多 %(n)s 字，没有保存。") % {"n": MAX_TITLE})
    return dict(sorted(kept.items()))


def channels_of(value: Any) -> list[str]:
    """The channels a story should go to. Raises BadInput."""
    if not isinstance(value, list):
        raise BadInput(_("渠道的格式不对，没有保存。"))
    kept = list(dict.fromkeys(map(str, value)))
    _known(kept)
    return kept


def _known(found: Iterable[str]) -> None:
    unknown = sorted(set(found) - set(channels_known()))
    if unknown:
        raise BadInput(_("没有这些渠道：%(names)s，没有保存。") % {"names": "、".join(unknown)})


def subjects_of(value: Any) -> list[str]:
    """Codes of subjects; whether they are known is asked where rows are (selectors). Raises BadInput."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput(_("主题分类的格式不对，没有保存。"))
    kept = list(dict.fromkeys(one.strip() for one in value if one.strip()))
    if len(kept) > MAX_SUBJECTS or any(len(one) > 64 for one in kept):
        raise BadInput(_("主题分类最多 %(n)s 个，没有保存。") % {"n": MAX_SUBJECTS})
    return kept


CLEANED: Final[dict[str, Callable[[Any], Any]]] = {
    "credits": credits_of,
    "channel_titles": channel_titles_of,
    "channels_wanted": channels_of,
    "subjects": subjects_of,
}


def facts_of(story: Any, subject_names: Iterable[str]) -> list[tuple[str, str]]:
    """Name and words of each that says something, for the story's page."""
    known = channels_known()
    titles = [f"{known.get(key, key)}：{title}" for key, title in story.channel_titles.items()]
    shares = [f"{one['name']} {one['share']}%" for one in story.credits if one["share"]]
    wanted = [known.get(key, key) for key in story.channels_wanted]
    rows = (
        (_("短标题"), story.short_title),
        (_("渠道标题"), "；".join(titles)),
        (_("署名分工"), words_of(story.credits)),
        (_("份额"), "、".join(shares)),
        (_("主题分类"), "、".join(subject_names)),
        (_("期望渠道"), "、".join(wanted)),
        (_("权利依据"), story.rights_basis),
    )
    return [(name, words) for name, words in rows if words]


def words_of(credits_: Iterable[Mapping[str, Any]]) -> str:
    """The credits as a reader sees them: 文：甲、乙　图：丙."""
    names: dict[str, list[str]] = {}
    for one in credits_:
        names.setdefault(str(one["role"]), []).append(str(one["name"]))
    order = [role for role in ROLES if role in names]
    return "　".join(f"{ROLES[role]}：{'、'.join(names[role])}" for role in order)
