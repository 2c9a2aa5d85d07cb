"""Lists of subjects as they are handed out: IPTC Media Topics as JSON, own tables as CSV.

IPTC's file (cv.iptc.org, format json) is SKOS: concepts with a QCode, labels by language, the broader
concept and, for some, a date of retirement. Nothing of it ships with the program.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.utils.translation import gettext as _

from rongmei.kernel import db
from rongmei.kernel.errors import BadInput
from rongmei.network import selectors as network
from rongmei.stories.models import Subject

MEDIA_TOPICS: Final = "http://cv.iptc.org/newscodes/mediatopic/"
MAX_BYTES: Final = 30 * 1024 * 1024
_CHINESE: Final = ("zh-Hans", "zh-CN", "zh", "zh-Hant")
_ENGLISH: Final = ("en-GB", "en-US", "en")
COLUMNS: Final = ("code", "name_zh", "name_en", "broader")


@dataclass(frozen=True)
class Term:
    """One term of a list."""

    qcode: str
    name_zh: str
    name_en: str
    broader: str = ""
    retired: bool = False


@dataclass(frozen=True)
class Taken:
    """What an import did, or would do."""

    new: int
    changed: int
    same: int
    retired: int


def _qcode(text: str) -> str:
    return text.replace(MEDIA_TOPICS, "medtop:", 1)


def _label(labels: Any, languages: tuple[str, ...]) -> str:
    held = labels if isinstance(labels, Mapping) else {}
    return next((str(held[one]).strip() for one in languages if held.get(one)), "")


def of_skos(data: bytes) -> list[Term]:
    """The terms of a concept scheme in IPTC's JSON. Raises BadInput."""
    try:
        concepts = orjson.loads(data)["conceptSet"]
        found = [_term(one) for one in concepts]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            _("读不出这个文件，没有导入。请用 IPTC 发布的 SKOS JSON，或四列的 CSV。")
        ) from error
    return found


def _term(concept: Mapping[str, Any]) -> Term:
    labels = concept.get("prefLabel")
    broader = concept.get("broader") or [""]
    return Term(
        _qcode(str(concept.get("qcode") or concept["uri"]))[:64],
        _label(labels, _CHINESE)[:80],
        _label(labels, _ENGLISH)[:120],
        _qcode(str(broader[0] if isinstance(broader, list) else broader))[:64],
        bool(concept.get("retired")),
    )


def of_csv(data: bytes, prefix: str) -> list[Term]:
    """The terms of an own table with the columns of `COLUMNS`; codes get the prefix. Raises BadInput."""
    try:
        rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
        missing = set(COLUMNS[:2]) - set(rows.fieldnames or ())
        if missing:
            raise BadInput(
                _("表头缺少 %(names)s，没有导入。") % {"names": "、".join(sorted(missing))}
            )
        return list(_rows(rows, prefix))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            _("读不出这个文件，没有导入。请用 IPTC 发布的 SKOS JSON，或四列的 CSV。")
        ) from error


def _rows(rows: Any, prefix: str) -> Iterator[Term]:
    for number, row in enumerate(rows, 2):
        code, name = (row.get("code") or "").strip(), (row.get("name_zh") or "").strip()
        if not code or not name:
            raise BadInput(_("第 %(n)s 行没有代码或名称，没有导入任何一行。") % {"n": number})
        broader = (row.get("broader") or "").strip()
        yield Term(
            f"{prefix}:{code}"[:64], name[:80], (row.get("name_en") or "").strip()[:120],
            f"{prefix}:{broader}"[:64] if broader else "",
        )  # fmt: skip


def read(data: bytes, unit_code: str = "") -> list[Term]:
    """The terms of a file: a unit's own table when a unit is named, else a shared scheme."""
    if len(data) > MAX_BYTES:
        raise BadInput(_("文件超过 30 MB，没有导入。"))
    found = of_csv(data, unit_code) if unit_code else of_skos(data)
    codes = [one.qcode for one in found]
    twice = {one for one in codes if codes.count(one) > 1} if len(codes) != len(set(codes)) else ()
    if not found or twice:
        raise BadInput(
            _("代码重复：%(codes)s，没有导入。") % {"codes": "、".join(sorted(twice)[:5])}
            if twice
            else _("文件里没有条目，没有导入。")
        )
    return found


def take_in(terms: list[Term], unit_code: str = "", *, dry_run: bool = False) -> Taken:
    """Make the list what the file says: new terms, changed names, retired ones; none is deleted, because
    stories are filed under them. A term of a unit's table that the file left out is retired."""
    unit = network.unit_by_code(unit_code) if unit_code else None
    known = {one.qcode: one for one in Subject.objects.filter(unit=unit)}
    fresh, changed, retired = [], [], 0
    for term in terms:
        row = known.pop(term.qcode, None)
        values = {
            "name_zh": term.name_zh,
            "name_en": term.name_en,
            "broader": term.broader,
            "retired": term.retired,
        }
        if row is None:
            fresh.append(Subject(qcode=term.qcode, unit=unit, **values))
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
        retired += term.retired
    gone = [row for row in known.values() if unit is not None and not row.retired]
    for row in gone:
        row.retired = True
    taken = Taken(
        len(fresh), len(changed), len(terms) - len(fresh) - len(changed), retired + len(gone)
    )
    if not dry_run:
        _write(fresh, [*changed, *gone])
    return taken


def _write(fresh: list[Subject], changed: list[Subject]) -> None:
    names = ["name_zh", "name_en", "broader", "retired"]
    for rows, new in ((fresh, True), (changed, False)):
        for at in range(0, len(rows), 200):
            part = rows[at : at + 200]
            with db.write():
                if new:
                    Subject.objects.bulk_create(part)
                else:
                    Subject.objects.bulk_update(part, names)
