"""`rongmei search QUERY`: search the whole archive from the command line."""

from __future__ import annotations

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from rongmei.archive import selectors
from rongmei.archive.errors import QueryError


class Command(BaseCommand):
    """Search as the operator of the node, who sees everything."""

    help = "检索媒体大数据库 / search the archive"

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("query", nargs="+")
        parser.add_argument("--limit", type=int, default=20)
        parser.add_argument("--relevant", action="store_true", help="most relevant first")
        parser.add_argument("--json", action="store_true")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        query = " ".join(options["query"])
        sort: selectors.Sort = "relevant" if options["relevant"] else "newest"
        try:
            page = selectors.find_everything(query, sort=sort, limit=min(options["limit"], 200))
        except QueryError as error:
            raise CommandError(f"{query}\n{' ' * error.position}^\n{error.message}") from error
        for found in page.hits:
            one = found.document
            if options["json"]:
                line = {
                    "id": str(one.pk), "title": one.title, "source": one.source_name,
                    "published_at": one.published_at, "url": one.url,
                }  # fmt: skip
                self.stdout.write(orjson.dumps(line).decode())
            else:
                self.stdout.write(
                    f"{one.published_at:%Y-%m-%d %H:%M}\t{one.source_name}\t{one.title}"
                )
        if not options["json"]:
            self.stdout.write(f"{page.total} · {page.took_ms:.1f} ms")
