"""What a story stands on: where it comes from and by what right, its pictures, what machines made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

import rjieba
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from rongmei.stories.lexicon import excerpt
from rongmei.stories.models import LexiconVersion
from rongmei.stories.types import CheckedText, Finding, Level

KIND: Final = "sources"
ADVICE: Final = {
    "no_rights": _("来源不是本单位，还没有写权利依据。请写明授权或转载许可。"),
    "rights_over": _("权利依据写明的期限已过，请续期或撤换。"),
    "source_unlisted": _("这个来源不在本栏目可转载的稿源名单里，不能转载。"),
    "picture_rights": _("图片写了外来来源，没有写使用权利。请写明授权。"),
    "aigc_unlabelled": _("图片写明由人工智能生成，却没有生成合成标识。请在媒资里标注。"),
    "aigc_text": _("文中写到人工智能生成。若本稿或配图由此而来，请按规定标注。"),
    "portrait": _("图片说明写到人，请确认已取得肖像同意。"),
    "portrait_careful": _("图片说明写到未成年人或患者，请确认已取得本人或监护人同意，并考虑遮挡面部。"),
}  # fmt: skip
_UNTIL: Final = re.compile(
    "(?:至|到|截至|截止|有效期|期限|[-—~])[^\\d]{0,4}(\\d{4})[-年./](\\d{1,2})[-月./](\\d{1,2})日?"
)
_MADE: Final = re.compile(
    r"(?:\bAI|人工智能|AIGC)\s*(?:生成|合成|绘制|创作|制作|作画)|文生图|图生图", re.IGNORECASE
)
_CAREFUL: Final = re.compile("儿童|孩子|幼儿|小学生|中学生|未成年|患者|病人")
_CONSENT: Final = re.compile("同意|授权|肖像|许可")


def _told(
    level: Level,
    code: str,
    part: str,
    text: str = "",
    span: tuple[int, int] = (0, 0),
    found: str = "",
) -> Finding:
    start, end = span
    words = found or text[start:end]
    around = excerpt(text, start, end) if text else ""
    return Finding(level, code, part, start, end, words[:200], around, ADVICE[code])


def over(rights: str, today: date) -> bool:
    """Whether a statement of rights names a last day, and it has passed."""
    days = []
    for match in _UNTIL.finditer(rights):
        try:
            days.append(date(*map(int, match.groups())))
        except ValueError:
            continue
    return bool(days) and max(days) < today


def _rights(text: CheckedText, today: date) -> Iterator[Finding]:
    foreign = bool(text.origin) and text.origin not in text.own_names
    if foreign and not text.rights_basis.strip():
        yield _told(Level.CAUTION, "no_rights", "origin", found=text.origin)
    if over(text.rights_basis, today):
        yield _told(Level.CAUTION, "rights_over", "rights_basis", found=text.rights_basis)
    keys = tuple(one.key for one in text.rules if one.kind == KIND)
    if foreign and keys and text.origin not in _listed(keys):
        yield _told(Level.FORBID, "source_unlisted", "origin", found=text.origin)


@lru_cache(maxsize=16)
def _listed(versions: tuple[str, ...]) -> frozenset[str]:
    """The names on the lists in force; versions never change, so it never has to be dropped."""
    rows = LexiconVersion.objects.filter(pk__in=versions)
    return frozenset(
        name for row in rows for entry in row.entries for name in (entry["word"], *entry["also"])
    )


def _pictures(text: CheckedText, today: date) -> Iterator[Finding]:
    for picture, caption in text.pictures:
        name = str(caption or picture.get("caption") or picture.get("title") or "")
        rights, source = str(picture.get("rights") or ""), str(picture.get("source") or "")
        if over(rights, today):
            yield _told(Level.CAUTION, "rights_over", "pictures", found=name)
        elif source and source not in text.own_names and not rights:
            yield _told(Level.HINT, "picture_rights", "pictures", found=name)
        said = " ".join(
            (name, *(str(picture.get(one) or "") for one in ("title", "credit", "source")))
        )
        if _MADE.search(said) and not picture.get("aigc"):
            yield _told(Level.CAUTION, "aigc_unlabelled", "pictures", found=name)
        if picture.get("aigc") or _CONSENT.search(rights):
            continue
        if _CAREFUL.search(name):
            yield _told(Level.CAUTION, "portrait_careful", "pictures", found=name)
        elif _names_people(name):
            yield _told(Level.HINT, "portrait", "pictures", found=name)


@lru_cache(maxsize=512)
def _names_people(caption: str) -> bool:
    return any(tag == "nr" and len(word) > 1 for word, tag in rjieba.tag(caption))


def check(checked: CheckedText) -> Iterator[Finding]:
    """The checker."""
    today = timezone.localtime(checked.today).date()
    yield from _rights(checked, today)
    yield from _pictures(checked, today)
    for part, text in checked.parts:
        for match in _MADE.finditer(text):
            yield _told(Level.HINT, "aigc_text", part, text, match.span())


def pictures_of(
    content: Mapping[str, Any], shown: Any
) -> tuple[tuple[Mapping[str, Any], str], ...]:
    """(facts, the caption given here) of the pictures and clips of a story, its lead first."""
    lead = [(content["lead_picture"], "")] if content["lead_picture"] else []
    return (*lead, *((media, str(block.get("caption") or "")) for media, block in shown))
