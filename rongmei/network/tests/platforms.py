"""A loopback server that answers as the platforms document: error numbers, signs, quotas."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECRET = "SEC-example"


@dataclass
class Platform:
    """What was received, and how to answer next."""

    base: str = ""
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    busy: int = 0
    status: int = 200
    per_minute: int = 20

    def texts(self) -> str:
        return "\n".join(body.decode() for _path, _headers, body in self.received)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        said: dict[str, Any] = json.loads(body)
        kind = urlsplit(path).path.strip("/")
        over = self.busy > 0 or len(self.received) >= self.per_minute
        self.busy = max(0, self.busy - 1)
        self.received.append((path, headers, body))
        if kind == "wecom":
            if over:
                return 200, {"errcode": 45009, "errmsg": "api freq out of limit"}
            if len(said["markdown"]["content"].encode()) > 4096:
                return 200, {"errcode": 40058, "errmsg": "content exceed max length 4096"}
            return 200, {"errcode": 0, "errmsg": "ok"}
        if kind == "dingtalk":
            asked = parse_qs(urlsplit(path).query)
            text = f"{asked['timestamp'][0]}\n{SECRET}"
            good = base64.b64encode(
                hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()
            )
            if asked["sign"][0] != good.decode():
                return 200, {"errcode": 310000, "errmsg": "sign not match"}
            if over:
                return 200, {"errcode": 130101, "errmsg": "send too fast"}
            return 200, {"errcode": 0, "errmsg": "ok"}
        if kind == "feishu":
            key = f"{said['timestamp']}\n{SECRET}"
            good = base64.b64encode(hmac.new(key.encode(), b"", hashlib.sha256).digest()).decode()
            if said["sign"] != good:
                return 200, {
                    "code": 19021,
                    "msg": "sign match fail or timestamp is not within one hour",
                }
            return 200, {"code": 11232, "msg": "limit"} if over else {"code": 0, "msg": "success"}
        return self.status, {}


@contextlib.contextmanager
def serving() -> Iterator[Platform]:
    """Serve on a free loopback port."""
    platform = Platform()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = platform.answer(self.path, headers, body)
            raw = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    platform.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
