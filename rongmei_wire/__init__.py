"""示例通讯社, the example wire: an invented newsroom on a local HTTP server, for demos and tests.

    with Wire(pace="all", log=path) as wire:
        httpx.get(f"{wire.url}/m/wire/rss.xml")
        wire.requests()

It imports nothing from `rongmei`: to the system it is a source like any other.
"""

from rongmei_wire.wire import Wire

__all__ = ["Wire"]
