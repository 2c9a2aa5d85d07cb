"""Background work of the archive: looking at documents for what they are about."""

from __future__ import annotations

from rongmei.archive import actions
from rongmei.archive.dictionary import due, enrichers, version_of
from rongmei.archive.enriching import enrich
from rongmei.archive.types import Text


def enrich_due() -> int:
    """Look at the next documents that the present enrichers have not seen; return how many."""
    held = enrichers()
    version = version_of(held)
    rows = due(version)
    if not rows:
        return 0
    found = enrich(held, [Text(row.title, f"{row.summary}\n{row.body}") for row in rows])
    actions.documents_enrich(list(zip(rows, found, strict=True)), version=version)
    return len(rows)
