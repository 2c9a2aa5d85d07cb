"""rongmei peer: invite, join and look after the nodes this one exchanges messages with."""

from __future__ import annotations

import json
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from rongmei.kernel.errors import RongmeiError
from rongmei.network import dialer, federation, joining, lines, signing

_VERBS = {
    "cut": federation.peer_cut,
    "mend": federation.peer_mend,
    "pause": federation.peer_pause,
    "resume": federation.peer_resume,
}


class Command(BaseCommand):
    """Invite another node, join one, and see to the lines."""

    help = "互联:invite 生成邀请码;join CODE 加入;list 查看;cut/mend/pause/resume NAME;revoke NAME --reason;replay;dial"

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        invite = verbs.add_parser("invite", help="print a code; one node may join within an hour")
        invite.add_argument("--json", action="store_true")
        join = verbs.add_parser("join", help="join the node that gave CODE; this node will dial")
        join.add_argument("code")
        join.add_argument("--under", default="", help="code of their unit that ours come under")
        join.add_argument("--json", action="store_true")
        listing = verbs.add_parser("list", help="every line and how it is")
        listing.add_argument("--json", action="store_true")
        for verb in _VERBS:
            verbs.add_parser(verb).add_argument("name", help="the peer's slug")
        revoke = verbs.add_parser("revoke", help="end the peering")
        revoke.add_argument("name")
        revoke.add_argument("--reason", required=True)
        verbs.add_parser("replay", help="try every failed message again")
        verbs.add_parser("dial", help="run the exchange process in the foreground")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(options)
        except RongmeiError as error:
            raise CommandError(str(error)) from error

    def _do(self, options: dict[str, Any]) -> None:
        verb = options["verb"]
        if verb == "invite":
            code = joining.peer_invite(by=None)
            self.stdout.write(json.dumps({"code": code}) if options["json"] else code)
        elif verb == "join":
            peer = joining.peer_join(by=None, code=options["code"], under=options["under"])
            found = {
                "slug": peer.node.slug,
                "url": peer.node.url,
                "fingerprint": signing.fingerprint(peer.public_key),
            }
            self.stdout.write(json.dumps(found) if options["json"] else "\t".join(found.values()))
        elif verb == "list":
            self._list(as_json=options["json"])
        elif verb in _VERBS:
            _VERBS[verb](by=None, peer_id=joining.peer_by_name(options["name"]).pk)
            self._list(as_json=False)
        elif verb == "revoke":
            peer = joining.peer_by_name(options["name"])
            federation.peer_revoke(by=None, peer_id=peer.pk, reason=options["reason"])
        elif verb == "replay":
            self.stdout.write(str(federation.retry_failed(tries=None)))
        else:
            self._dial()

    def _list(self, *, as_json: bool) -> None:
        rows = [
            {
                "slug": line.peer.node.slug,
                "state": line.peer.state,
                "words": line.words,
                "cut": line.peer.line_cut,
                "unsent": line.unsent,
                "received": line.received,
                "failed": line.failed,
                "waiting": line.waiting,
                "last_ok_at": line.peer.last_ok_at.isoformat() if line.peer.last_ok_at else None,
                "last_error": line.peer.last_error,
            }
            for line in lines.all_lines()
        ]
        if as_json:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            self.stdout.write(
                f"{row['slug']}\t{row['words']}\t-{row['unsent']}\t+{row['received']}"
                f"\t!{row['failed']}\t{row['last_error']}"
            )

    def _dial(self) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        dialer.run(stop)
