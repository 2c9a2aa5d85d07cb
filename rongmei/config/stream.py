"""The stream server: server-sent events and long polls on a port of their own.

A plain ASGI application, apart from the pages: under ASGI every synchronous view would open a new
database connection, and streams would hold the threads that pages need. Addresses of events are
signed and short-lived (`rongmei.kernel.streams`), since cookies of the page do not cross to another
port; peers that poll the outbox sign their requests.
"""

from __future__ import annotations

from rongmei.kernel.streams import Receive, Scope, Send, StreamApplication
from rongmei.network.views_exchange import outbox_application

_streams = StreamApplication()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Peers' long polls go to the exchange, everything else to the streams."""
    if scope["type"] == "http" and scope["path"] == "/exchange/v1/outbox":
        await outbox_application(scope, receive, send)
    else:
        await _streams(scope, receive, send)
