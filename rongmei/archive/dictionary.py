"""The node's dictionary, its enrichers, and which documents they have not seen.

The row is the job: a document whose `enriched_by` is not the present version is due. A killed worker
costs one batch; a changed dictionary makes everything due, newest first, a batch at a time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import threading
from collections.abc import Sequence
from functools import partial
from typing import Final

from django.db.models import Max
from django.utils.translation import gettext as _

from rongmei.archive.enriching import (
    Dictionary,
    Name,
    keywords,
    names_in,
    scripts,
    shipped_names,
)
from rongmei.archive.hooks import Enricher
from rongmei.archive.models import Document, Term
from rongmei.kernel import plugins
from rongmei.kernel.errors import BadInput

BATCH: Final = 200
MOST_ROWS: Final = 20_000
_lock = threading.Lock()
_known: tuple[object, Dictionary] | None = None


def dictionary() -> Dictionary:
    """The node's own names before those shipped; made anew when a row changed."""
    global _known
    # Rows are added and removed, never changed: their count and the newest tell of any change.
    state = (Term.objects.count(), Term.objects.aggregate(at=Max("created_at"))["at"])
    with _lock:
        if _known is None or _known[0] != state:
            own = [Name(t.kind, t.name, tuple(t.variants)) for t in Term.objects.order_by("name")]
            _known = (state, Dictionary([*own, *shipped_names()]))
        return _known[1]


def shipped_count() -> int:
    """How many names come with the program."""
    return len(shipped_names())


def built_in() -> list[Enricher]:
    """Script, names of the dictionary, keywords."""
    held = dictionary()
    return [
        Enricher("script", "1", scripts, order=10),
        Enricher("names", held.fingerprint, partial(names_in, held), order=20),
        Enricher("keywords", "1", keywords, order=30),
    ]


def enrichers() -> list[Enricher]:
    """Those of every plugin, in order."""
    found = [one for some in plugins.manager.hook.register_enrichers() for one in some]
    return sorted(found, key=lambda one: (one.order, one.name))


def version_of(held: Sequence[Enricher]) -> str:
    """What a document carries that these have looked at; never empty."""
    named = [(one.name, one.version) for one in held]
    return hashlib.sha256(repr(named).encode()).hexdigest()[:16]


def waiting() -> int:
    """How many documents the present enrichers have not seen yet."""
    version = version_of(enrichers())
    rows = Document.objects
    return (
        rows.filter(enriched_by__lt=version).count() + rows.filter(enriched_by__gt=version).count()
    )


def due(version: str) -> list[Document]:
    """The next documents that enrichers of this version have not seen, newest first."""
    # Two ranges and not "unequal": an index answers only these.
    for rows in (
        Document.objects.filter(enriched_by__lt=version),
        Document.objects.filter(enriched_by__gt=version),
    ):
        if found := list(rows.order_by("-enriched_by", "-fetched_at")[:BATCH]):
            return found
    return []


def term_kind(written: str) -> str | None:
    """The kind of name that a word names: `place`, 地点; None for any other word."""
    words = {str(label): value for value, label in Term.Kind.choices}
    return written if written in Term.Kind.values else words.get(written)


def read_csv(raw: bytes) -> list[Name]:
    """Names from a CSV of kind, name, other forms (separated by /). All lines are good, or none.

    Raises BadInput, which names the line.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(_("文件不是 UTF-8 编码，没有导入。请另存为 UTF-8 的 CSV 再试。")) from error
    found = []
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[0] in {"kind", "类型"}):
            continue
        if number > MOST_ROWS:
            raise BadInput(_("词表超过 20,000 行，没有导入。请分成几个文件。"))
        kind = term_kind(cells[0])
        if kind is None or len(cells) < 2 or not cells[1]:
            raise BadInput(
                _(
                    "第 %(line)d 行不对，没有导入。每行写：类型,名称,别名/别名；类型为机构、人物、地点或术语。"
                )
                % {"line": number}
            )
        others = cells[2].split("/") if len(cells) > 2 else []
        found.append(Name(kind, cells[1], tuple(one.strip() for one in others if one.strip())))
    return found
