"""Compile the .po files named on the command line to .mo, with Babel: no gettext needed."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

for name in sys.argv[1:]:
    source = Path(name)
    with source.open("rb") as stream:
        catalogue = read_po(stream, locale=source.parent.parent.name, domain=source.stem)
    draft = source.with_suffix(".mo.new")
    with draft.open("wb") as stream:
        write_mo(stream, catalogue, use_fuzzy=False)
    draft.replace(source.with_suffix(".mo"))
