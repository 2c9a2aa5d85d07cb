"""What a reader is given: one file, its name, and the moment it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from rongmei.sources.collectors.dates import believable, parse_when, zone
from rongmei.sources.collectors.identify import Draft, finish
from rongmei.sources.types import Fetched, Item, Remark, RemarkCode, SourceSpec

MAX_FILE = 64 * 1024 * 1024


@dataclass(slots=True)
class Given:
    """A file to be read; `remarks` gathers what was odd about it while it is read."""

    name: str
    body: bytes
    at: datetime
    spec: SourceSpec
    remarks: list[Remark] = field(default_factory=list)

    def fetched(self) -> Fetched:
        """The file as the collectors know their answers; its name stands for the address."""
        return Fetched(url=self.name, final_url="", body=self.body, fetched_at=self.at)

    def item(self, draft: Draft) -> Item | None:
        """Clean and identify; None, with a remark, when there is neither headline nor address."""
        if not draft.language:
            draft.language = self.spec.language
        found = finish(draft, base="", remarks=self.remarks)
        if found is None:
            self.remarks.append(Remark(RemarkCode.ITEM_SKIPPED, self.name[:80]))
        return found

    def when(self, *written: str) -> datetime | None:
        """The first of these that is a time news can have; zoneless ones are the source's."""
        for text in written:
            found = parse_when(text, local=zone(self.spec.timezone))
            if found is None:
                continue
            if believable(found, self.at):
                return found
            self.remarks.append(Remark(RemarkCode.DATE_DROPPED, text[:60]))
        return None


Reader: TypeAlias = Callable[[Given], Iterator[Item]]
"""Reads a file item by item; raises a `SourceError` when the file is not what it should be."""
