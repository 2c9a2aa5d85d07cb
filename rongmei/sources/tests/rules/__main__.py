"""Writes docs/reference/feeds.md: python -m rongmei.sources.tests.rules > docs/reference/feeds.md"""

from __future__ import annotations

import sys

from rongmei.sources.tests.rules.families import page

if __name__ == "__main__":
    sys.stdout.write(page())
