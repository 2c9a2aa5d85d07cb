"""Whether a piece answers what a reader asks first: when, where, who, what for, how many.

Hints for who writes, from plain patterns and word classes; never a reason to stop a piece.
"""

from __future__ import annotations

import re
from typing import Final

import rjieba
from django.utils.translation import gettext_noop as _

LEAD: Final = 300
_WHEN = re.compile(
    r"\d{1,2}\s?[月日号时点]|\d{1,2}[::]\d{2}|今[天日晨晚]|昨[天日晚]|[上下中]午|凌晨|清晨|早上|傍晚|夜|日前|近日|截至"
    r"|\b(?:today|yesterday|morning|afternoon|evening|night|\d{1,2}:\d{2}|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
    re.IGNORECASE,
)
_WHY = re.compile(r"因|由于|为了|为[^为]{1,12}(?:供电|保障|确保|解决|提升)|导致|受.{1,12}影响|以便|确保|保障|because|due to|so that", re.IGNORECASE)  # fmt: skip
_WHO = re.compile(r"队员|职工|员工|班组|党员|师傅|居民|村民|客户|用户|站长|班长|负责人|记者|公司|供电所|中心|crew|staff|residents", re.IGNORECASE)  # fmt: skip
_COUNT = re.compile(r"\d|[一二三四五六七八九十百千万两]{1,4}[名人户台次公处条座个]")
_QUOTE = re.compile(r"[“「\"].{4,}?[”」\"]|说[。,:，：]")

ADVICE: Final = {
    "when": _("开头没有看到时间：什么时候的事？"),
    "where": _("没有看到地点：在哪里？"),
    "who": _("没有看到人：谁在做，谁受益？"),
    "why": _("没有看到原因或目的：为什么要做这件事？"),
    "how": _("没有数字：多少人、多少户、多长时间？"),
    "quote": _("加一句现场的话，会更有说服力。"),
}


def unanswered(text: str, place: str = "") -> list[str]:
    """Keys of ADVICE for what a short look at the text does not find."""
    lead = text[:LEAD]
    classes = {tag for word, tag in rjieba.tag(text[:2000]) if len(word) > 1}
    answered = {
        "when": bool(_WHEN.search(lead)),
        "where": bool(place.strip()) or "ns" in classes,
        "who": bool(classes & {"nr", "nt"} or _WHO.search(text)),
        "why": bool(_WHY.search(text)),
        "how": bool(_COUNT.search(text)),
        "quote": len(text) < 400 or bool(_QUOTE.search(text)),
    }
    return [key for key, found in answered.items() if not found]
