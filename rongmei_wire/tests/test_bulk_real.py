"""Bulk mode with real web news: whatever text comes, the feeds stay well-formed."""

import http.client
import json
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

from rongmei_wire import Wire
from rongmei_wire.tests.inews import needed_articles

SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def test_999_real_articles_make_twenty_sound_feeds():
    with Wire(articles=needed_articles("dev")) as wire:
        connection = http.client.HTTPConnection(urlsplit(wire.url).netloc, timeout=10)

        def get(path: str) -> bytes:
            connection.request("GET", path)
            return connection.getresponse().read()

        feeds = json.loads(get("/bulk/index.json"))["feeds"]
        assert len(feeds) == 20
        items = [
            item
            for feed in feeds
            for item in ET.fromstring(get(feed.removeprefix(wire.url))).findall("channel/item")
        ]
        listed = ET.fromstring(get("/bulk/sitemap.xml")).iter(f"{{{SITEMAPS}}}loc")
    assert len(items) == 999
    assert {one.text for one in listed} == {item.findtext("link") for item in items}
    assert len({item.findtext("guid") for item in items}) == 999
