"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from rongmei.sources.tests.rules import BASE, LINK, PLAIN, TITLE, rule
from rongmei.sources.types import Hints

_MAY = datetime(2024, 5, 1, tzinfo=UTC)


def feed(*items: object, **fields: object) -> str:
    head = {"version": "https://jsonfeed.org/version/1.1", "title": "示例频道"}
    return json.dumps({**head, **fields, "items": list(items)}, ensure_ascii=False)


def one(**fields: object) -> str:
    return feed({"id": "1", "url": LINK, "title": TITLE, **fields})


RULES = [
    rule("a JSON Feed without its version is read with a remark", feed({"id": "1", "url": LINK, "title": TITLE}, version=""), **PLAIN, remarks=("malformed",)),
    rule("an external address stands in for the item's own", feed({"id": "1", "external_url": LINK, "title": TITLE}), **PLAIN),
    rule("the item's own address wins over the external one", one(external_url="http://x.example/"), url=LINK),
    rule("an address may be relative to the feed", one(url="../a/1.html"), url=LINK),
    rule("an id that is a number identifies", one(id=7), same="entry_key", other=one(id="7", url="http://news.example/moved")),
    rule("without an id the address identifies", feed({"url": LINK, "title": "甲"}), same="entry_key", other=feed({"url": LINK, "title": "乙"})),
    rule("an id that is an object identifies nothing", one(id={"x": 1}), **PLAIN),
    rule("true is no id", one(id=True), same="entry_key", other=one(id=False)),
    rule("content_html is markup", one(content_html="<p>一</p><p>二</p>"), body="一\n\n二"),
    rule("content_text is literal", one(content_text="1 < 2 <p> &amp;"), body="1 < 2 <p> &amp;"),
    rule("lines of content_text are paragraphs", one(content_text="一\n二"), body="一\n\n二"),
    rule("content_html wins over content_text", one(content_html="<p>网页</p>", content_text="纯文本"), body="网页"),
    rule("a title is text, not markup", one(title="甲 <b> 乙"), title="甲 <b> 乙"),
    rule("a title may be missing", feed({"id": "1", "content_text": "微博一条。"}), title="微博一条。"),
    rule("a summary is literal", one(summary="甲 <b>", content_text="正文"), summary="甲 <b>"),
    rule("a summary alone is the text", one(summary="只有摘要"), body="只有摘要"),
    rule("the picture of an item is one", one(image="http://news.example/i.png"), images=("http://news.example/i.png",)),
    rule("a banner is a picture", one(banner_image="/b.png"), images=("http://news.example/b.png",)),
    rule("an attached picture is one", one(attachments=[{"url": "http://news.example/i.png", "mime_type": "image/png"}, {"url": "http://news.example/s.mp3", "mime_type": "audio/mpeg"}]), images=("http://news.example/i.png",)),
    rule("the feed's icon is no picture of an item", feed({"id": "1", "title": TITLE}, icon="http://news.example/i.png", favicon="http://news.example/f.png"), images=()),
    rule("times are RFC 3339", one(date_published="2024-05-01T08:00:00+08:00", date_modified="2024-05-02T00:00:00Z"), published_at=_MAY, updated_at=datetime(2024, 5, 2, tzinfo=UTC)),
    rule("a time of change does not become the time of publishing", one(date_modified="2024-05-02T00:00:00Z"), published_at=None),
    rule("1.1: every author is named", one(authors=[{"name": "记者甲"}, {"name": "记者乙"}]), authors=("记者甲", "记者乙")),
    rule("1.0: the author is named", one(author={"name": "记者甲"}), authors=("记者甲",)),
    rule("the feed's authors wrote what has none", feed({"id": "1", "title": TITLE}, authors=[{"name": "编辑部"}]), authors=("编辑部",)),
    rule("1.0: the feed's author wrote what has none", feed({"id": "1", "title": TITLE}, author={"name": "编辑部"}), authors=("编辑部",)),
    rule("an author without a name is nobody", one(authors=[{"url": "http://a.example/"}, "记者甲", None]), authors=()),
    rule("tags are kept", one(tags=["时政", "民生", "时政"]), tags=("时政", "民生")),
    rule("a tag that is no text is none", one(tags=[1, None, {"x": 1}, "时政"]), tags=("时政",)),
    rule("tags that are no list are none", one(tags="时政"), tags=()),
    rule("an item's language wins over the feed's", feed({"id": "1", "title": TITLE, "language": "en"}, language="zh"), language="en"),
    rule("the feed's language counts in JSON", feed({"id": "1", "title": TITLE}, language="zh-Hans"), language="zh-hans"),
    rule("a hub is told in JSON", feed(hubs=[{"type": "WebSub", "url": "http://hub.example/"}]), 0, feed={"hints": Hints(hub="http://hub.example/")}),
    rule("a feed that names itself as its next page is not followed", feed(next_url=BASE), 0, feed={"next_links": ()}),
    rule("the home page is no item's address", feed({"id": "1", "title": TITLE}, home_page_url="http://news.example/"), url=""),
    rule("what others add is passed over", one(_example={"about": "http://x.example/", "title": "别的"}), **PLAIN),
    rule("the last of two fields of a name counts", one().replace('"title": "示例县', '"title": "旧", "title": "示例县'), title=TITLE),
    rule("raw line ends in a text are text", one(content_text="一LINE二").replace("LINE", "\n"), body="一\n\n二"),
    rule("half a character is none", one(content_html="<p>一HALF</p>").replace("HALF", "\\ud800"), body="一?"),
    rule("a character of two escapes is one", one(title="PAIR示例").replace("PAIR", "\\ud83d\\ude00"), title="😀示例"),
    rule("JSON may begin with a mark", b"\xef\xbb\xbf" + one().encode(), **PLAIN),
    rule("JSON may be in UTF-16", one().encode("utf-16"), **PLAIN),
    rule("JSON in GBK is read all the same", one(content_text="这是一段用旧编码写的正文").encode("gbk"), **PLAIN, remarks=("encoding_guessed",)),
    rule("JSON sent as HTML is still JSON", one(), **PLAIN, content_type="text/html"),
    rule("a list is no JSON Feed", "[1]", refused="Unreadable"),
    rule("items that are no list are no JSON Feed", '{"version":"https://jsonfeed.org/version/1","items":{}}', refused="Unreadable"),
    rule("a number beyond all measure loses only itself", one(id=1).replace('"id": 1', '"id": ' + "9" * 5000), **PLAIN),
]  # fmt: skip
