"""Every address of the wire, over a real socket."""

import http.client
import io
import json
import re
import time
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from rongmei_wire import Wire
from rongmei_wire.faults import FAULTS
from rongmei_wire.library import default_library
from rongmei_wire.pages import FORMAT_FILES

NOW = datetime(2025, 7, 18, 4, 0, tzinfo=UTC)
MEDIA = default_library().media


def parse(body: bytes, charset: str = "UTF-8") -> ET.Element:
    """The parsed XML; the standard parser knows no GBK, so the bytes are decoded for it."""
    text = body.decode(charset)
    assert text.startswith(f'<?xml version="1.0" encoding="{charset}"?>')
    return ET.fromstring(text.partition("?>")[2])


class Reader:
    """A small HTTP client over one kept-alive connection."""

    def __init__(self, wire: Wire) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(wire.url).netloc, timeout=5)

    def get(self, path: str, method: str = "GET", **headers: str):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, headers=named)
        answer = self.connection.getresponse()
        return answer, answer.read()


@pytest.fixture(scope="module")
def wire():
    with Wire(pace="all", clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def reader(wire):
    reader = Reader(wire)
    yield reader
    reader.connection.close()


@pytest.mark.parametrize("slug", MEDIA)
def test_every_medium_serves_every_format(reader, wire, slug):
    count = sum(piece.medium == slug for piece in default_library().pieces)
    answer, body = reader.get(f"/m/{slug}/rss.xml")
    assert answer.status == 200
    root = parse(body, MEDIA[slug].charset)
    assert len(root.findall("channel/item")) == count
    content = root.findall("channel/item/{http://purl.org/rss/1.0/modules/content/}encoded")
    assert len(content) == (count if MEDIA[slug].full else 0)
    atom = ET.fromstring(reader.get(f"/m/{slug}/atom.xml")[1])
    assert len(atom.findall("{http://www.w3.org/2005/Atom}entry")) == count
    feed = json.loads(reader.get(f"/m/{slug}/feed.json")[1])
    assert feed["version"].endswith("1.1") and len(feed["items"]) == count
    sitemap = ET.fromstring(reader.get(f"/m/{slug}/sitemap.xml")[1])
    locations = sitemap.findall(
        "{http://www.sitemaps.org/schemas/sitemap/0.9}url/{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
    )
    assert len(locations) == count
    for location in locations:
        answer, page = reader.get(location.text.removeprefix(wire.url))
        assert answer.status == 200
        text = page.decode(MEDIA[slug].charset)
        assert f'<link rel="canonical" href="{location.text}">' in text
        assert "<time datetime=" in text and 'property="og:title"' in text
        assert "示例" in text or "Sample" in text


def test_dates_lie_within_the_thirty_hours_before_the_start(reader):
    for slug in MEDIA:
        for item in json.loads(reader.get(f"/m/{slug}/feed.json")[1])["items"]:
            age = NOW - datetime.fromisoformat(item["date_published"])
            assert timedelta(0) < age <= timedelta(hours=31)


def test_one_medium_is_really_gbk(reader):
    answer, body = reader.get("/m/jiangchuan-evening/rss.xml")
    assert answer.getheader("Content-Type") == "application/rss+xml; charset=GBK"
    assert body.startswith(b'<?xml version="1.0" encoding="GBK"?>')
    assert "江川晚报（示例）" in body.decode("gbk")
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")


def test_one_medium_links_relative_to_the_page(reader):
    body = reader.get("/m/yunling-online/atom.xml")[1].decode()
    assert 'href="rumour-spread.html"' in body
    page = reader.get("/m/yunling-online/complaint-streetlamp.html")[1].decode()
    assert 'src="../../pic/night-431.jpg"' in page


def test_home_pages_name_their_feeds_preferred_first(reader):
    for slug, medium in MEDIA.items():
        page = reader.get(f"/m/{slug}/")[1].decode(medium.charset)
        links = re.findall(r'<link rel="(?:alternate|sitemap)" type="([^"]+)"', page)
        assert len(links) == 4
        assert links[0] == FORMAT_FILES[medium.format][1]
    assert reader.get("/m/wire")[0].getheader("Location").endswith("/m/wire/")


def test_a_reprint_keeps_the_days_of_its_original(reader):
    original = reader.get("/m/wire/heat-record.html")[1].decode()
    copy = reader.get("/m/yunling-online/heat-record-r1.html")[1].decode()
    day = re.search(r"显示，(\d+日)14时37分", original).group(1)
    assert f"显示，{day}14时37分" in copy


def test_conditional_requests_get_304(reader):
    answer, _ = reader.get("/m/wire/rss.xml")
    etag, modified = answer.getheader("ETag"), answer.getheader("Last-Modified")
    again, body = reader.get("/m/wire/rss.xml", If_None_Match=etag)
    assert (again.status, body, again.getheader("ETag")) == (304, b"", etag)
    assert reader.get("/m/wire/rss.xml", If_Modified_Since=modified)[0].status == 304
    other = reader.get("/m/wire/rss.xml", If_None_Match='"other"', If_Modified_Since=modified)
    assert other[0].status == 200
    assert reader.get("/m/wire/rss.xml", If_Modified_Since="no date")[0].status == 200


def test_head_and_other_methods(reader):
    answer, body = reader.get("/m/wire/rss.xml", "HEAD")
    assert answer.status == 200 and int(answer.getheader("Content-Length")) > 1000 and body == b""
    assert reader.get("/m/wire/rss.xml")[0].status == 200
    assert reader.get("/m/wire/rss.xml", "POST")[0].status == 405


def test_pictures_and_logos(reader):
    answer, body = reader.get("/pic/pylons-101.jpg")
    assert answer.getheader("Content-Type") == "image/jpeg"
    assert Image.open(io.BytesIO(body)).size == (1200, 675)
    assert reader.get("/pic/pylons-101.jpg")[1] == body
    assert reader.get("/pic/pylons-102.jpg")[1] != body
    logos = {reader.get(f"/m/{slug}/logo.png")[1] for slug in MEDIA}
    assert len(logos) == len(MEDIA)
    for path in ("/pic/nothing-1.jpg", "/pic/pylons-x.jpg", "/pic/pylons-%C2%B2.jpg"):
        assert reader.get(path)[0].status == 404


def test_small_addresses(reader, wire):
    assert "云岭日报（示例）" in reader.get("/")[1].decode()
    assert json.loads(reader.get("/healthz")[1])["released"] == len(default_library().pieces)
    robots = reader.get("/robots.txt")[1].decode()
    assert f"Sitemap: {wire.url}/m/wire/sitemap.xml" in robots and "Disallow: /private/" in robots
    for path in (
        "/nothing",
        "/m/nobody/",
        "/m/wire/x.html",
        "/m/wire/x.xml",
        "/fault/x",
        "/bulk/0.html",
    ):
        assert reader.get(path)[0].status == 404
    # An article belongs to its own medium only.
    assert reader.get("/m/wire/rumour-spread.html")[0].status == 404


def test_the_hot_list_moves_with_time():
    now = NOW
    with Wire(pace="all", clock=lambda: now) as wire:
        reader = Reader(wire)
        first = json.loads(reader.get("/hot.json")[1])["items"]
        now += timedelta(minutes=10)
        second = json.loads(reader.get("/hot.json")[1])["items"]
        page = reader.get("/hot.html")[1].decode()
    assert [entry["rank"] for entry in first] == list(range(1, 21))
    heats = [entry["heat"] for entry in first]
    assert heats == sorted(heats, reverse=True)
    before = {entry["url"]: entry["heat"] for entry in first}
    assert any(before.get(entry["url"]) != entry["heat"] for entry in second)
    assert second[0]["title"] in page


@pytest.mark.parametrize(
    ("name", "status", "header", "value"),
    [
        ("feed", 200, "Content-Type", "application/rss+xml; charset=utf-8"),
        ("500", 500, None, None),
        ("503", 503, "Retry-After", "120"),
        ("503?date=1", 503, "Retry-After", "Fri, 18 Jul 2025 04:02:00 GMT"),
        ("429", 429, "Retry-After", "60"),
        ("404", 404, None, None),
        ("410", 410, None, None),
        ("redirect-private", 302, "Location", "http://10.0.0.1/"),
        ("redirect-metadata", 302, "Location", "http://169.254.169.254/"),
        ("redirect-file", 302, "Location", "file:///etc/hostname"),
        ("empty", 200, "Content-Length", "0"),
        ("wrong-type", 200, "Content-Type", "image/jpeg"),
        ("charset-conflict", 200, "Content-Type", "application/rss+xml; charset=GBK"),
        ("gzip-bomb?mb=8", 200, "Content-Encoding", "gzip"),
    ],
)
def test_plain_faults(reader, name, status, header, value):
    answer, _ = reader.get(f"/fault/{name}")
    assert answer.status == status
    if header:
        assert answer.getheader(header) == value


def test_faulty_feeds_are_faulty_in_the_promised_way(reader):
    def body(name: str) -> bytes:
        return reader.get(f"/fault/{name}")[1]

    assert len(ET.fromstring(body("feed")).findall("channel/item")) == 3
    assert len(ET.fromstring(body("empty-feed")).findall("channel/item")) == 0
    for broken in ("truncated", "garbage"):
        with pytest.raises(ET.ParseError):
            ET.fromstring(body(broken))
    assert body("wrong-charset").decode("gbk") and b'encoding="UTF-8"' in body("wrong-charset")
    with pytest.raises(UnicodeDecodeError):
        body("wrong-charset").decode()
    assert "望潮港新添岸電介面" in body("big5").decode("big5")
    assert b"pubDate" not in body("missing-dates")
    assert all(mark in body("odd-dates").decode() for mark in ("1970", "2099", "昨天下午"))
    assert body("changing-ids") != body("changing-ids")
    assert b"&l8;" in body("billion-laughs") and len(body("billion-laughs")) < 2000
    assert b"onerror" in body("script-page") and b"javascript:" in body("script-feed")
    assert b"SYSTEM" in body("xxe")
    assert reader.get("/fault/page/fault-1.html")[0].status == 200


def test_redirects_go_round_or_arrive(reader, wire):
    target, seen = "/fault/redirect-loop", set()
    for _ in range(4):
        target = reader.get(target)[0].getheader("Location").removeprefix(wire.url)
        seen.add(target)
    assert len(seen) == 4
    target = "/fault/redirect-chain/2"
    for _ in range(2):
        target = reader.get(target)[0].getheader("Location").removeprefix(wire.url)
    assert reader.get(target)[0].status == 200


def test_a_flaky_source_recovers(reader):
    statuses = [reader.get("/fault/flaky/one?times=2")[0].status for _ in range(3)]
    assert statuses == [503, 503, 200]


def test_broken_connections(wire):
    for name in ("reset", "hang?seconds=0"):
        with pytest.raises(http.client.RemoteDisconnected):
            Reader(wire).get(f"/fault/{name}")
    with pytest.raises(http.client.IncompleteRead):
        Reader(wire).get("/fault/short-body")


def test_long_streams_can_be_left_and_do_not_hold_the_wire():
    with Wire(clock=lambda: NOW) as wire:
        for name, size in (("endless", 300_000), ("huge", 3_000_000), ("drip?delay=0.001", 40)):
            reader = Reader(wire)
            reader.connection.request("GET", f"/fault/{name}")
            answer = reader.connection.getresponse()
            assert len(answer.read(size)) == size
            if name == "huge":
                assert answer.getheader("Content-Length") == str(200 * 1024 * 1024)
            if name != "drip":
                reader.connection.close()
        # One reader is still hanging when the wire closes.
        waiting = Reader(wire)
        waiting.connection.request("GET", "/fault/hang")
    with pytest.raises((http.client.HTTPException, OSError)):
        waiting.connection.getresponse()


def test_every_fault_is_documented_in_its_own_words():
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    for name, fault in FAULTS.items():
        assert f"| `/fault/{name}` | {fault.__doc__} |" in readme, name


def test_bulk_pages_hold_fifty_and_repeat_their_faults():
    articles = [{"title": f"第{n}篇", "body": "甲\n乙\x00丙"} for n in range(120)]
    articles[0]["date"] = "2025-07-01T08:00:00"

    def run() -> list[object]:
        statuses: list[object] = []
        options = {"articles": articles, "fault_rate": 0.4, "fault_seed": 5}
        with Wire(clock=lambda: NOW, **options) as wire:
            index = json.loads(Reader(wire).get("/bulk/index.json")[1])
            assert index["articles"] == 120 and len(index["feeds"]) == 3
            for place in range(25):
                try:
                    statuses.append(Reader(wire).get(f"/bulk/{place}.html")[0].status)
                except http.client.HTTPException as error:
                    statuses.append(type(error).__name__)
        return statuses

    first = run()
    assert first == run()
    assert 0 < sum(status == 200 for status in first) < 25
    with Wire(clock=lambda: NOW, articles=articles) as wire:
        reader = Reader(wire)
        roots = [ET.fromstring(reader.get(f"/bulk/feed/{n}.xml")[1]) for n in (1, 2, 3)]
        assert [len(root.findall("channel/item")) for root in roots] == [50, 50, 20]
        assert "01 Jul 2025 08:00:00 +0800" in roots[0].find("channel/item/pubDate").text
        assert "乙丙" in reader.get("/bulk/0.html")[1].decode()
        for path in ("/bulk/120.html", "/bulk/feed/4.xml", "/bulk/feed/0.xml", "/bulk/x"):
            assert reader.get(path)[0].status == 404


def test_requests_are_counted_once_each(tmp_path):
    log = tmp_path / "evidence" / "wire.jsonl"
    with Wire(clock=lambda: NOW, log=log) as wire:
        reader = Reader(wire)
        answer, body = reader.get("/m/wire/rss.xml", User_Agent="test/1")
        reader.get("/m/wire/rss.xml", If_None_Match=answer.getheader("ETag"))
        reader.get("/nothing")
        kept = [
            (row["method"], row["path"], row["status"], row["bytes"], row["conditional"])
            for row in wire.requests()
        ]
        assert wire.requests()[0]["user_agent"] == "test/1"
        # Read while it runs: every line is on disk before the answer is.
        lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert kept[:2] == [
        ("GET", "/m/wire/rss.xml", 200, len(body), False),
        ("GET", "/m/wire/rss.xml", 304, 0, True),
    ]
    assert kept[2][2] == 404
    assert [line["event"] for line in lines].count("request") == 3
    releases = {line["id"]: line for line in lines if line["event"] == "release"}
    assert len(releases) == len(default_library().pieces)
    assert releases["heat-record"]["path"] == "/m/wire/heat-record.html"
    assert lines[0]["event"] == "start"


def test_a_stopped_wire_hangs_up_on_kept_alive_readers():
    wire = Wire(clock=lambda: NOW).start()
    reader = Reader(wire)
    assert reader.get("/healthz")[0].status == 200
    wire.stop()
    wire.stop()
    with pytest.raises((http.client.HTTPException, OSError)):
        reader.get("/healthz")


def test_a_stream_logs_what_was_taken():
    with Wire(clock=lambda: NOW) as wire:
        with pytest.raises(http.client.IncompleteRead) as caught:
            Reader(wire).get("/fault/short-body")
        for _ in range(200):
            if wire.requests():
                break
            time.sleep(0.01)
        assert wire.requests()[0]["bytes"] == len(caught.value.partial)
