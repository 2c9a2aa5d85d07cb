"""The process that typesets: a JSON list of HTML pages in, PDFs out, each after its length.

Knows neither Django nor the database. Exit status as `paper` names them.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from typing import Final

MISSING, TOO_BIG = 3, 4
MOST_PDF: Final = 60_000_000
MOST_MEMORY: Final = 3 * 1024**3


def main() -> int:
    """Typeset what comes in."""
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    try:
        from weasyprint import HTML  # type: ignore[import-untyped]  # noqa: PLC0415 - kept out of other processes
        from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # noqa: PLC0415
    except (ImportError, OSError):
        return MISSING
    # Pictures come as data: a page that names an address, a file's too, gets nothing from it.
    closed = URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    out, written = sys.stdout.buffer, 0
    try:
        for page in json.loads(sys.stdin.buffer.read()):
            made: bytes = HTML(string=page, url_fetcher=closed).write_pdf(
                pdf_variant=None, full_fonts=False, optimize_images=True, jpeg_quality=80, dpi=150
            )
            written += len(made)
            if written > MOST_PDF:
                return TOO_BIG
            out.write(struct.pack(">Q", len(made)) + made)
    except MemoryError:
        return TOO_BIG
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
