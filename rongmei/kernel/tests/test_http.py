"""The door against servers that behave, and against servers that do not."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from collections.abc import Awaitable, Callable, Sequence

import pytest

from rongmei.kernel import http
from rongmei.kernel.http import AsyncDoor, Limits
from rongmei.kernel.http_body import retry_after_seconds
from rongmei.kernel.tests.web import Request, Web, reply, serving

QUICK = Limits(connect=2, read=2, write=2, pool=2, total=5)


def run(
    routes: dict[str, object],
    work: Callable[[AsyncDoor, Web], Awaitable[object]],
    **options: object,
) -> object:
    async def main() -> object:
        async with serving(routes) as web, AsyncDoor(limits=QUICK, **options) as door:
            return await work(door, web)

    return asyncio.run(main())


def get(routes: dict[str, object], path: str = "/", **options: object) -> http.Response:
    async def work(door: AsyncDoor, web: Web) -> object:
        return await door.fetch(web.base + path, allow_internal=True, **options)

    return run(routes, work)


def refused(
    error: type[http.HttpError], routes: dict[str, object], path: str = "/", **options: object
):
    with pytest.raises(error) as caught:
        get(routes, path, **options)
    return caught.value


def test_answer_carries_body_validators_and_address() -> None:
    routes = {
        "/": reply("融媒".encode(), ETag='"v1"', Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")
    }
    answer = get(routes)
    assert answer.body.decode() == "融媒"
    assert (answer.etag, answer.last_modified) == ('"v1"', "Mon, 01 Jan 2024 00:00:00 GMT")
    assert answer.from_ip == "127.0.0.1"
    assert answer.permanent_url is None


def test_conditional_get_sends_validators_and_takes_304() -> None:
    async def work(door: AsyncDoor, web: Web) -> None:
        answer = await door.fetch(
            web.base + "/",
            etag='"v1"',
            last_modified="Mon, 01 Jan 2024 00:00:00 GMT",
            allow_internal=True,
        )
        assert answer.not_modified
        assert answer.body == b""
        assert web.requests[0].headers["if-none-match"] == '"v1"'
        assert web.requests[0].headers["if-modified-since"] == "Mon, 01 Jan 2024 00:00:00 GMT"

    run({"/": b"HTTP/1.1 304 Not Modified\r\n\r\n"}, work)


def test_connection_is_reused() -> None:
    async def work(door: AsyncDoor, web: Web) -> int:
        for _ in range(5):
            await door.fetch(web.base + "/", allow_internal=True)
        return web.connections

    assert run({"/": reply(b"x")}, work) == 1


def test_cookies_are_not_kept_between_requests() -> None:
    async def work(door: AsyncDoor, web: Web) -> None:
        await door.fetch(web.base + "/", allow_internal=True)
        await door.fetch(web.base + "/", allow_internal=True)
        assert "cookie" not in web.requests[1].headers

    run({"/": reply(b"x", Set_Cookie="id=1")}, work)


def test_user_agent_is_ours_to_choose() -> None:
    async def work(door: AsyncDoor, web: Web) -> str:
        await door.fetch(web.base + "/", allow_internal=True)
        return web.requests[0].headers["user-agent"]

    assert run({"/": reply()}, work, user_agent="Newsroom/1") == "Newsroom/1"


def test_environment_proxy_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert get({"/": reply(b"direct")}).body == b"direct"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "x-gzip"])
def test_compressed_bodies(encoding: str) -> None:
    plain = "新闻".encode() * 1000
    packed = zlib.compress(plain) if encoding == "deflate" else gzip.compress(plain)
    assert get({"/": reply(packed, Content_Encoding=encoding)}).body == plain


def test_deflate_without_header_and_gzip_in_two_members() -> None:
    squeezer = zlib.compressobj(wbits=-15)
    raw = squeezer.compress(b"abc" * 50) + squeezer.flush()
    assert get({"/": reply(raw, Content_Encoding="deflate")}).body == b"abc" * 50
    two = gzip.compress(b"one,") + gzip.compress(b"two")
    assert get({"/": reply(two, Content_Encoding="gzip")}).body == b"one,two"


def test_gzip_bomb_is_cut_off() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    error = refused(
        http.TooLarge,
        {"/": reply(bomb, Content_Encoding="gzip")},
        limits=Limits(max_bytes=1_000_000),
    )
    assert error.kind == "hard"


@pytest.mark.parametrize(
    "body", [b"not gzip at all", gzip.compress(b"cut off in the middle" * 9, mtime=0)[:-12]]
)
def test_broken_compression_is_refused(body: bytes) -> None:
    refused(http.BadEncoding, {"/": reply(body, Content_Encoding="gzip")})


def test_unknown_compression_is_refused() -> None:
    refused(http.BadEncoding, {"/": reply(b"x", Content_Encoding="br")})


def test_announced_size_is_refused_before_reading() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    refused(http.TooLarge, {"/": head})


def test_endless_body_is_cut_off() -> None:
    async def endless(request: Request, writer: object) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()

    refused(http.TooLarge, {"/": endless}, limits=Limits(max_bytes=300_000))


def drip(head: bytes) -> Callable[[Request, object], Awaitable[None]]:
    async def handler(request: Request, writer: object) -> None:
        writer.write(head)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    return handler


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "]
)
def test_slow_drip_is_cut_off_in_body_and_in_headers(head: bytes) -> None:
    error = refused(http.TooSlow, {"/": drip(head)}, limits=Limits(read=5, total=0.3))
    assert error.kind == "soft"
    assert error.retriable


def test_silence_is_a_timeout() -> None:
    async def silent(request: Request, writer: object) -> None:
        await asyncio.sleep(30)

    assert refused(http.Timeout, {"/": silent}, limits=Limits(read=0.1)).kind == "temporary"


@pytest.mark.parametrize(
    "raw", [b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"]
)
def test_nonsense_and_broken_off_answers(raw: bytes) -> None:
    async def handler(request: Request, writer: object) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    refused(http.ConnectionBroken, {"/": handler})


def test_permanent_redirects_are_reported_until_a_temporary_one() -> None:
    routes = {
        "/": reply(status="301 Moved", Location="/b"),
        "/b": reply(status="308 Moved", Location="/c"),
        "/c": reply(status="302 Found", Location="/d?x=1#part"),
        "/d": reply(b"here"),
    }
    answer = get(routes)
    assert answer.body == b"here"
    assert answer.final_url.endswith("/d?x=1")
    assert answer.permanent_url is not None
    assert answer.permanent_url.endswith("/c")


def test_temporary_first_redirect_moves_nothing() -> None:
    routes = {
        "/": reply(status="302 Found", Location="/b"),
        "/b": reply(status="301 Moved", Location="/c"),
        "/c": reply(b"x"),
    }
    assert get(routes).permanent_url is None


def test_redirect_circle_is_refused() -> None:
    routes = {"/": reply(status="302 F", Location="/b"), "/b": reply(status="302 F", Location="/")}
    assert refused(http.RedirectLoop, routes).kind == "hard"


def test_endless_redirects_are_refused() -> None:
    async def onward(request: Request, writer: object) -> None:
        number = int(request.path.split("?")[1] if "?" in request.path else 0)
        writer.write(reply(status="302 Found", Location=f"/?{number + 1}"))
        await writer.drain()

    assert refused(http.RedirectLoop, {"/": onward}).details["hops"] == 11


def test_secret_headers_stay_with_their_origin() -> None:
    async def main() -> None:
        async with serving({"/": reply(b"x")}) as other:
            routes = {
                "/": reply(status="302 F", Location="/same"),
                "/same": reply(status="302 F", Location=f"{other.base}/"),
            }
            async with serving(routes) as web, AsyncDoor() as door:
                await door.fetch(
                    web.base + "/",
                    headers={"Authorization": "Bearer s", "X-Kept": "1"},
                    allow_internal=True,
                )
                assert web.requests[1].headers["authorization"] == "Bearer s"
                assert "authorization" not in other.requests[0].headers
                assert other.requests[0].headers["x-kept"] == "1"

    asyncio.run(main())


def test_bad_status_carries_excerpt_and_retry_after() -> None:
    routes = {"/": reply(b"slow down" * 1000, status="429 Too Many Requests", Retry_After="120")}
    error = refused(http.BadStatus, routes)
    assert (error.status_code, error.kind, error.retry_after) == (429, "temporary", 120.0)
    assert error.excerpt.startswith(b"slow down")
    assert len(error.excerpt) == 2048
    assert "429" in str(error)


def test_expected_status_is_returned() -> None:
    answer = get({"/": reply(b"why", status="409 Conflict")}, expect={409})
    assert (answer.status, answer.body) == (409, b"why")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(404, "hard"), (410, "hard"), (403, "soft"), (401, "soft"), (429, "temporary"),
     (500, "temporary"), (503, "temporary"), (501, "hard"), (304, "soft")],
)  # fmt: skip
def test_kinds_of_status(code: int, kind: str) -> None:
    assert http.status_kind(code) == kind


def test_post_sends_content_and_does_not_follow() -> None:
    async def work(door: AsyncDoor, web: Web) -> None:
        answer = await door.post(web.base + "/in", content=b'{"a":1}', allow_internal=True)
        assert answer.body == b"ok"
        assert web.requests[0].body == b'{"a":1}'
        assert web.requests[0].headers["content-type"] == "application/json"
        with pytest.raises(http.BadStatus):
            await door.post(web.base + "/moved", content=b"", allow_internal=True)
        assert len(web.requests) == 2

    run({"/in": reply(b"ok"), "/moved": reply(status="307 T", Location="/in")}, work)


def test_blocking_functions() -> None:
    async def work(door: AsyncDoor, web: Web) -> tuple[bytes, bytes]:
        got = await asyncio.to_thread(http.fetch, web.base + "/", allow_internal=True)
        sent = await asyncio.to_thread(http.post, web.base + "/", content=b"x", allow_internal=True)
        return got.body, sent.body

    assert run({"/": reply(b"both")}, work) == (b"both", b"both")


def test_no_free_slot_is_busy() -> None:
    async def slow(request: Request, writer: object) -> None:
        await asyncio.sleep(30)

    async def work(door: AsyncDoor, web: Web) -> None:
        first = asyncio.create_task(door.fetch(web.base + "/slow", allow_internal=True))
        await asyncio.sleep(0.05)
        with pytest.raises(http.Busy):
            await door.fetch(web.base + "/", allow_internal=True, limits=Limits(pool=0.05))
        first.cancel()

    run({"/slow": slow, "/": reply()}, work, max_concurrent=1)


# --- addresses -------------------------------------------------------------------------------


def resolver(*answers: Sequence[str]) -> http.Resolver:
    queue = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return queue.pop(0) if len(queue) > 1 else queue[0]

    return resolve


def test_loopback_is_refused_before_anything_is_sent() -> None:
    async def work(door: AsyncDoor, web: Web) -> int:
        with pytest.raises(http.PrivateAddressRefused) as caught:
            await door.fetch(web.base + "/")
        assert "127.0.0.1" in str(caught.value)
        assert caught.value.kind == "hard"
        return web.connections

    assert run({"/": reply(b"secret")}, work) == 0


def test_explicit_host_and_port_opens_only_that_pair() -> None:
    async def work(door: AsyncDoor, web: Web) -> None:
        pair = f"127.0.0.1:{web.port}"
        assert (await door.fetch(web.base + "/", allow={pair})).body == b"x"
        with pytest.raises(http.PrivateAddressRefused):
            await door.fetch(web.base + "/", allow={"127.0.0.1:1"})

    run({"/": reply(b"x")}, work)


def test_pooled_internal_connection_does_not_serve_a_public_request() -> None:
    async def work(door: AsyncDoor, web: Web) -> None:
        await door.fetch(web.base + "/", allow_internal=True)
        with pytest.raises(http.PrivateAddressRefused):
            await door.fetch(web.base + "/")

    run({"/": reply(b"x")}, work)


def test_redirect_into_the_private_network_is_refused() -> None:
    async def main() -> None:
        async with serving({"/": reply(b"secret")}) as inner:
            routes = {"/": reply(status="302 F", Location=f"{inner.base}/")}
            async with serving(routes) as web, AsyncDoor() as door:
                with pytest.raises(http.PrivateAddressRefused):
                    await door.fetch(web.base + "/", allow={f"127.0.0.1:{web.port}"})
                assert inner.connections == 0

    asyncio.run(main())


@pytest.mark.parametrize(
    ("target", "error"),
    [("file:///etc/passwd", http.BadAddress), ("gopher://h/", http.BadAddress),
     ("http://u:p@127.0.0.1/", http.BadAddress), ("http://[::1", http.BadAddress),
     ("//169.254.169.254/latest", http.PrivateAddressRefused),
     ("http://example.test:22/", http.PortRefused)],
)  # fmt: skip
def test_redirect_to_forbidden_targets(target: str, error: type[http.HttpError]) -> None:
    async def work(door: AsyncDoor, web: Web) -> None:
        with pytest.raises(error):
            await door.fetch(web.base + "/", allow={f"127.0.0.1:{web.port}"})

    run({"/": reply(status="302 Found", Location=target)}, work)


def test_second_dns_answer_is_checked_too() -> None:
    """Rebinding: the name is public once and private at the next look-up."""

    async def work(door: AsyncDoor, web: Web) -> None:
        for _ in range(2):
            with pytest.raises(
                (http.ConnectFailure, http.Timeout, http.PrivateAddressRefused)
            ) as caught:
                await door.fetch(
                    f"http://rebind.test:{web.port}/", limits=Limits(connect=0.05, total=2)
                )
        assert isinstance(caught.value, http.PrivateAddressRefused)
        assert web.connections == 0

    run({"/": reply(b"x")}, work, resolve=resolver(["8.8.8.8"], ["127.0.0.1"]))


def test_connects_to_the_resolved_address_with_the_name_as_host() -> None:
    async def work(door: AsyncDoor, web: Web) -> None:
        answer = await door.fetch(f"http://news.test:{web.port}/", allow_internal=True)
        assert answer.from_ip == "127.0.0.1"
        assert web.requests[0].headers["host"] == f"news.test:{web.port}"

    run({"/": reply(b"x")}, work, resolve=resolver(["127.0.0.1"]))


def test_dead_address_falls_through_to_the_next() -> None:
    async def work(door: AsyncDoor, web: Web) -> bytes:
        return (await door.fetch(f"http://news.test:{web.port}/", allow_internal=True)).body

    assert run({"/": reply(b"x")}, work, resolve=resolver(["127.0.0.9", "127.0.0.1"])) == b"x"


def test_mixed_answers_use_only_the_public_ones() -> None:
    async def work(door: AsyncDoor, web: Web) -> int:
        with pytest.raises((http.ConnectFailure, http.Timeout)):
            await door.fetch(f"http://mixed.test:{web.port}/", limits=Limits(connect=0.05))
        return web.connections

    assert run({"/": reply()}, work, resolve=resolver(["127.0.0.1", "8.8.8.8"])) == 0


@pytest.mark.parametrize(
    ("number", "kind"), [(socket.EAI_NONAME, "hard"), (socket.EAI_AGAIN, "temporary")]
)
def test_dns_failures(number: int, kind: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(number, "no")

    async def work(door: AsyncDoor, web: Web) -> http.HttpError:
        with pytest.raises(http.DnsFailure) as caught:
            await door.fetch("http://nowhere.test/")
        return caught.value

    error = run({}, work, resolve=resolve)
    assert error.kind == kind
    assert "nowhere.test" in str(error)


def test_refused_connection() -> None:
    async def work(door: AsyncDoor, web: Web) -> http.HttpError:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with pytest.raises(http.ConnectFailure) as caught:
            await door.fetch(f"http://127.0.0.1:{port}/", allow_internal=True)
        return caught.value

    error = run({}, work)
    assert error.details["refused"] is True
    assert error.retriable


def test_tls_against_a_plain_server() -> None:
    async def work(door: AsyncDoor, web: Web) -> None:
        with pytest.raises(http.TlsFailure):
            await door.fetch(f"https://127.0.0.1:{web.port}/", allow_internal=True)

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(babble, "127.0.0.1", 0)
        async with AsyncDoor(limits=QUICK) as door:
            await work(door, Web(server.sockets[0].getsockname()[1]))
        server.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a/", "http://", "javascript:alert(1)", "http://a b/", "http://user@host/",
     "http://[1::2::3]/", "http://x:99999999/", "/relative", "http://\udcff/", "data:,x"],
)  # fmt: skip
def test_unusable_addresses(url: str) -> None:
    async def work(door: AsyncDoor, web: Web) -> None:
        with pytest.raises(http.HttpError) as caught:
            await door.fetch(url)
        assert str(caught.value)

    run({}, work, resolve=resolver([]))


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [("120", None, 120.0), ("0", None, 0.0), ("", None, None), ("soon", None, None), ("-5", None, None),
     ("99999999999999", None, 86400.0), ("²", None, None),
     ("Mon, 01 Jan 2024 00:01:00 GMT", "Mon, 01 Jan 2024 00:00:00 GMT", 60.0),
     ("Mon, 01 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 00:01:00 GMT", 0.0)],
)  # fmt: skip
def test_retry_after(value: str, date: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, date) == seconds
