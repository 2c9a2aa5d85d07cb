"""`{% load ui %}`: every component of the workbench as a typed template tag.

The parts live in `rongmei.kernel.ui`; importing them fills the library.
`docs/reference/interface.md` shows each with an example, `ui/guide.html` draws them all.
"""

from rongmei.kernel.ui import blocks, controls, signs, tables
from rongmei.kernel.ui.library import register

PARTS = (signs, controls, tables, blocks)

__all__ = ["PARTS", "register"]
