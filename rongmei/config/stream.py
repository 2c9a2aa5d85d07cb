"""The stream server: server-sent events and long polls on a port of their own.

A plain ASGI application, apart from the pages: under ASGI every synchronous view would open a new
database connection, and streams would hold the threads that pages need. Addresses are signed and
short-lived (`rongmei.kernel.streams`), since cookies of the page do not cross to another port.
"""

from __future__ import annotations

from rongmei.kernel.streams import StreamApplication

application = StreamApplication()
