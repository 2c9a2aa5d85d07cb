"""The public site as readers and programs meet it."""

from __future__ import annotations

import json
from datetime import timedelta
from xml.etree import ElementTree

import feedparser
import jsonschema
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rongmei.channels import actions, delivering
from rongmei.channels.testing import make_site
from rongmei.channels.types import SITE_PATH
from rongmei.portal import shapes
from rongmei_wire.tests.ninjs_schema import needed_schema

XSS = '</script><script>alert("1")</script>'
PICTURE = {
    "url": "/media/p.jpg", "width": 1200, "height": 800, "caption": "巡线", "credit": "示例·周岩",
    "aigc": "1", "alt": "雪后的山脊",
}  # fmt: skip


@pytest.fixture
def live(cast, newsroom):
    unit = cast.unit("platform")
    site = make_site(unit)

    def make(title="雪线上的灯", *words, **changes):
        story = newsroom.sign(unit, title, *words, **changes)
        made = actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
        delivering.deliver_due()
        made.refresh_from_db()
        return made

    return make


@pytest.fixture
def some(live):
    return [
        live(f"第{n}篇稿件", f"(示例)正文{n}", category="一线" if n % 2 else "要闻",
             lead_image=PICTURE if n % 3 == 0 else None, tags=["抢修", "冬季"] if n % 2 else ["冬季"])
        for n in range(16)
    ]  # fmt: skip


def path(publication):
    return SITE_PATH.format(slug=publication.slug)


def test_the_adapter_and_the_portal_agree_on_the_address():
    assert reverse("portal:article", args=["20260101-abcdefgh"]) == SITE_PATH.format(
        slug="20260101-abcdefgh"
    )


def test_an_empty_portal_is_decent(client, cast):
    page = client.get("/")
    assert page.status_code == 200 and "即将与读者见面" in page.content.decode()
    for place in (
        "/feeds/rss.xml",
        "/feeds/atom.xml",
        "/feeds/feed.json",
        "/sitemap.xml",
        "/search/",
    ):
        assert client.get(place).status_code == 200


def test_front_page_arranges_and_stays_cheap(client, some, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        page = client.get("/").content.decode()
    assert "第15篇稿件" in page and 'class="lead' in page and page.count("<article") > 4
    assert 'href="/c/%E4%B8%80%E7%BA%BF/"' in page


def test_article_shows_what_readers_need_and_nothing_of_the_house(
    client, live, django_assert_max_num_queries
):
    held = live(
        "雪线上的灯", "(示例)山里的灯亮了。", kicker="引题在上", subtitle="副题在下", lead_image=PICTURE,
        signatures=[{"person_name": "初一审", "opinion": "同意"}], tags=["抢修"],
    )  # fmt: skip
    with django_assert_max_num_queries(8):
        page = client.get(path(held)).content.decode()
    for words in (
        "引题在上",
        "副题在下",
        "示例·林晓",
        "巡线",
        "示例·周岩",
        "人工智能生成合成",
        "抢修",
    ):
        assert words in page, words
    assert "初一审" not in page and "同意" not in page and "平台编" not in page
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{path(held)}">' in page
    assert 'property="og:title" content="雪线上的灯"' in page


def test_a_picture_in_the_text_gets_its_label_once(client, live):
    html = '<p>字</p><figure><img src="/media/p.jpg" alt=""><figcaption>巡线</figcaption></figure>'
    held = live("图", html=html, images=[PICTURE])
    page = client.get(path(held)).content.decode()
    assert page.count("人工智能生成合成") == 1 and 'class="aigc" data-added' in page


def test_json_ld_holds_and_cannot_break_out(client, live):
    held = live(f"标题{XSS}", f"正文{XSS}", kicker=XSS, tags=[XSS], byline=XSS, lead_image=PICTURE)
    page = client.get(path(held)).content.decode()
    assert "<script>alert" not in page
    text = page.split('<script type="application/ld+json">')[1].split("</script>")[0]
    item = json.loads(text)
    assert item["@type"] == "NewsArticle" and item["headline"] == f"标题{XSS}"
    for key in (
        "datePublished",
        "dateModified",
        "author",
        "publisher",
        "image",
        "mainEntityOfPage",
    ):
        assert item[key], key
    assert item["image"] == ["http://127.0.0.1:8000/media/p.jpg"]


def test_conditional_get(client, live):
    held = live()
    first = client.get(path(held))
    assert first["ETag"] and first["Last-Modified"] and first["Cache-Control"] == "no-cache"
    again = client.get(path(held), HTTP_IF_NONE_MATCH=first["ETag"])
    assert again.status_code == 304 and not again.content
    english = client.get(path(held), HTTP_ACCEPT_LANGUAGE="en", HTTP_IF_NONE_MATCH=first["ETag"])
    assert english.status_code == 200
    live("又一篇")
    assert client.get(path(held), HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200


def test_withdrawn_is_gone_everywhere_even_for_who_has_it(client, cast, live):
    held = live("要撤的稿")
    etag = client.get(path(held))["ETag"]
    actions.publication_withdraw(by=cast["editor"], publication_id=held.pk, reason="内部原因")
    gone = client.get(path(held), HTTP_IF_NONE_MATCH=etag)
    assert gone.status_code == 410 and "内部原因" not in gone.content.decode()
    assert client.get(f"/a/{held.slug}.ninjs.json").status_code == 410
    assert client.get(f"/api/v1/public/articles/{held.slug}").status_code == 410
    for place in ("/", "/feeds/rss.xml", "/feeds/feed.json", "/sitemap.xml", "/search/?q=要撤",
                  "/api/v1/public/articles"):  # fmt: skip
        assert held.slug not in client.get(place).content.decode(), place


def test_no_cookie_is_ever_set_unasked(client, some):
    places = [
        "/",
        path(some[0]),
        "/search/?q=稿",
        "/c/一线/",
        "/topics/冬季/",
        "/feeds/",
        "/nothing-here/",
    ]
    for place in places:
        assert not client.get(place).cookies, place
    assert not client.post(f"/r/{some[0].slug}").cookies
    asked = client.get("/lang/en/?next=/feeds/")
    assert asked.status_code == 302 and asked["Location"] == "/feeds/"
    assert list(asked.cookies) == ["rm_lang_test"]
    assert client.get("/lang/en/?next=https://evil.example/")["Location"] == "/"


def test_english_shell(client, some):
    page = client.get("/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert '<html lang="en">' in page and "第15篇稿件" in page


def test_lists_search_and_topics(client, some, django_assert_max_num_queries):
    for place in ("/c/一线/", "/topics/冬季/", "/search/?q=第1 篇"):
        with django_assert_max_num_queries(8):
            page = client.get(place)
        assert page.status_code == 200 and "第1" in page.content.decode(), place
    assert "没有找到" in client.get("/search/?q=不存在的词").content.decode()
    assert client.get("/c/无此栏目/").status_code == 404
    assert client.get("/topics/抢/").status_code == 404, "a tag is a whole word"
    odd = client.get("/search/", {"q": XSS}).content.decode()
    assert "<script>alert" not in odd


def test_feeds_are_read_by_a_reader(client, some, django_assert_max_num_queries):
    for place in ("/feeds/rss.xml", "/feeds/atom.xml"):
        with django_assert_max_num_queries(6):
            body = client.get(place).content
        read = feedparser.parse(body)
        assert not read.bozo and len(read.entries) == 16, place
        newest = read.entries[0]
        assert newest.title == "第15篇稿件" and newest.link.endswith(path(some[15]))
        assert "正文15" in newest.content[0].value and newest.author
    narrowed = feedparser.parse(client.get("/feeds/rss.xml?category=一线").content)
    assert len(narrowed.entries) == 8
    made = client.get("/feeds/feed.json")
    held = made.json()
    assert made["Content-Type"] == "application/feed+json"
    assert held["version"] == "https://jsonfeed.org/version/1.1" and len(held["items"]) == 16
    for key in ("id", "url", "title", "content_html", "date_published", "authors"):
        assert held["items"][0][key]


def test_sitemaps_and_robots(client, some):
    ns = {
        "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
        "n": "http://www.google.com/schemas/sitemap-news/0.9",
    }
    tree = ElementTree.fromstring(client.get("/sitemap.xml").content)
    places = [one.text for one in tree.findall("s:url/s:loc", ns)]
    assert len(places) == 1 + 2 + 16 and f"http://127.0.0.1:8000{path(some[3])}" in places
    news = ElementTree.fromstring(client.get("/news-sitemap.xml").content)
    assert len(news.findall("s:url/n:news/n:title", ns)) == 16
    type(some[0]).objects.update(published_at=timezone.now() - timedelta(days=3))
    some[0].save()
    assert b"Disallow: /desk/" in client.get("/robots.txt").content


def test_ninjs_is_what_the_standard_says(client, live):
    held = live("雪线上的灯", kicker="引题", lead_image=PICTURE, images=[PICTURE], place="云岭")
    item = client.get(f"/a/{held.slug}.ninjs.json").json()
    jsonschema.Draft202012Validator(needed_schema()).validate(item)
    assert item["headlines"][0]["value"] == "雪线上的灯"
    assert "signatures" not in json.dumps(item)


def test_the_open_interface_needs_no_key(client, some, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        listed = client.get("/api/v1/public/articles?limit=5").json()
    assert listed["count"] == 16 and len(listed["items"]) == 5
    assert client.get("/api/v1/public/articles?tag=抢修").json()["count"] == 8
    assert client.get("/api/v1/public/articles?q=正文15").json()["count"] == 1
    one = client.get(f"/api/v1/public/articles/{some[0].slug}").json()
    assert one["text"] == "(示例)正文0" and "signatures" not in one
    assert client.get(f"/api/v1/public/articles/{some[0].slug}/ninjs").json()["uri"]
    names = {held["name"] for held in client.get("/api/v1/public/categories").json()}
    assert names == {"一线", "要闻"}
    assert client.get("/api/v1/public/articles/nope").status_code == 404


def test_pages_only_answer_reading(client, live):
    assert client.post("/").status_code == 405
    assert client.get(f"/r/{live().slug}").status_code == 405


def test_script_text_is_escaped():
    assert "<" not in shapes.as_script({"a": "</script>&"})


def test_works_for_a_signed_in_member_too(signed_in, live):
    assert isinstance(signed_in("editor"), Client)
    assert signed_in("editor").get(path(live())).status_code == 200
