"""Files to items: one case a rule; what is wrong is refused with a reason or left out with a remark."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage

import orjson
import pytest

from rongmei.sources.errors import EntityRefused, SourceError, TooMuch, Unreadable
from rongmei.sources.readers import Given, read, unpacking
from rongmei.sources.types import RemarkCode, SourceSpec

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SPEC = SourceSpec(kind="drop", url="drop:1", language="zh")
NAR = 'xmlns="http://iptc.org/std/nar/2006-10-01/"'
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def given(body, name="a.bin"):
    return Given(name, body if isinstance(body, bytes) else body.encode(), NOW, SPEC)


def items(body, name="a.bin"):
    return list(read(given(body, name)))


def one(body, name="a.bin"):
    (found,) = items(body, name)
    return found


def remarks(body, name="a.bin"):
    file = given(body, name)
    list(read(file))
    return [(remark.code, remark.detail) for remark in file.remarks]


def zipped(*parts, method=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, body in parts:
            archive.writestr(name, body)
    return held.getvalue()


# JSON Lines and CSV


def test_a_line_of_json_is_an_item():
    row = {
        "id": "7", "title": "示例:A&B < C", "source": "示例日报", "origin": "示例社",
        "language": "zh", "region": "云岭", "published_at": "2026-11-20T08:00:00+00:00",
        "url": "http://news.example.com/7?utm_source=x", "authors": "甲、乙", "summary": "摘 < 要",
        "body": "第一段。\n\n第二段 <b>不是标签</b>。", "media_class": "local",
    }  # fmt: skip
    found = one(orjson.dumps(row) + b"\n", "export.jsonl")
    assert (found.title, found.carrier, found.medium) == ("示例:A&B < C", "示例日报", "示例社")
    assert found.body == "第一段。\n\n第二段 <b>不是标签</b>。"
    assert (found.region, found.media_class, found.authors) == ("云岭", "local", ("甲", "乙"))
    assert found.summary == "摘 < 要"
    assert found.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert found.canonical_url == "http://news.example.com/7"


def test_a_broken_line_is_left_out_and_named():
    body = '{"title": "甲", "body": "一"}\n{"title": \n{"title": "乙", "body": "二"}\n'
    assert [item.title for item in items(body)] == ["甲", "乙"]
    assert remarks(body) == [(RemarkCode.MALFORMED, "2")]


def test_json_lines_without_an_object_are_no_items():
    with pytest.raises(Unreadable):
        items('{"title": 1}x\n[1]\n')


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_cells_are_parted_by_what_the_heads_are_parted_by(mark):
    body = mark.join(["标题", "正文", "来源", "发布时间"]) + "\n"
    body += mark.join(["示例", '"一句,带逗号;和分号"', "示例报", "2026-11-20 08:00"]) + "\n"
    found = one(body, "a.csv")
    assert (found.title, found.body) == ("示例", "一句,带逗号;和分号")
    # A time without a zone is the source's: China's.
    assert found.published_at == datetime(2026, 11, 20, 0, 0, tzinfo=UTC)


def test_a_csv_of_a_chinese_spreadsheet_is_in_gbk():
    found = one("标题,正文\n迎峰度夏保供电,一线值守。\n".encode("gbk"), "a.csv")
    assert found.title == "迎峰度夏保供电"


def test_what_was_made_harmless_for_spreadsheets_is_made_whole():
    assert one("title,body\n'=1+1,'-x\n", "a.csv").title == "=1+1"
    assert one("title,body\n'quoted,x\n", "a.csv").title == "'quoted"


def test_a_cell_with_line_breaks_is_one_cell():
    assert one('title,body\n甲,"一\n\n二"\n', "a.csv").body == "一\n\n二"


def test_a_table_without_known_heads_is_refused():
    with pytest.raises(Unreadable):
        items("x,y\n1,2\n", "a.csv")


def test_a_cell_too_long_is_refused():
    with pytest.raises(Unreadable):
        items("title,body\n甲," + "x" * 2_100_000 + "\n", "a.csv")


def test_an_empty_file_is_refused():
    for body in (b"", b"\xef\xbb\xbf \n"):
        with pytest.raises(Unreadable):
            items(body)


# ninjs


def ninjs(**fields):
    return json.dumps(
        {"uri": "urn:example:1", "type": "text", "versionCreated": "2026-11-20T08:00:00Z", **fields}
    )


def test_ninjs_3():
    found = one(
        ninjs(
            headlines=[{"role": "subtitle", "value": "副"}, {"role": "main", "value": "主 <题>"}],
            bodies=[
                {"role": "main", "contentType": "text/plain", "value": "纯文本"},
                {"contentType": "text/html", "value": "<p>正文<script>x()</script></p>"},
            ],
            descriptions=[{"role": "summary", "value": "摘要"}], by="示例记者", language="zh-Hans",
            subjects=[{"name": "电网", "uri": "urn:x"}], places=[{"name": "云岭"}],
            infoSources=[{"name": "示例通讯社"}, {"name": "示例原创"}], link="http://e.example/1",
            associations=[{"type": "picture", "renditions": [{"href": "http://e.example/1.jpg"}]}],
        )
    )  # fmt: skip
    assert (found.title, found.body, found.summary) == ("主 <题>", "正文", "摘要")
    assert "script" not in found.body_html
    assert (found.carrier, found.medium, found.region) == ("示例通讯社", "示例原创", "云岭")
    assert (found.authors, found.tags, found.language) == (("示例记者",), ("电网",), "zh-hans")
    assert found.images == ("http://e.example/1.jpg",)
    assert found.url == "http://e.example/1"


def test_ninjs_1():
    found = one(
        json.dumps({
            "uri": "http://e.example/n1", "type": "text", "versioncreated": "2026-11-20T08:00:00Z",
            "headline": "旧版", "body_text": "纯文本", "byline": "示例", "place": [{"name": "云岭"}],
            "subject": [{"name": "电网"}], "description_text": "摘要", "pubstatus": "usable",
        })
    )  # fmt: skip
    assert (found.title, found.body, found.url) == ("旧版", "纯文本", "http://e.example/n1")
    assert (found.region, found.tags, found.summary) == ("云岭", ("电网",), "摘要")


def test_ninjs_2_pictures_are_an_object_of_renditions():
    entry = json.loads(ninjs(headline="图", body_html="<p>x</p>"))
    entry["associations"] = {
        "main": {"type": "picture", "renditions": {"o": {"href": "http://e.example/2.jpg"}}}
    }
    assert one(json.dumps(entry)).images == ("http://e.example/2.jpg",)


@pytest.mark.parametrize("wrap", [lambda one: f"[{one}]", lambda one: f'{{"items": [{one}]}}'])
def test_several_ninjs_items_in_a_file(wrap):
    both = ninjs(headline="甲") + "," + ninjs(headline="乙", uri="urn:example:2")
    assert [item.title for item in items(wrap(both))] == ["甲", "乙"]


def test_ninjs_a_line():
    body = ninjs(headline="甲") + "\n" + "{broken\n" + ninjs(headline="乙", uri="urn:2") + "\n"
    assert [item.title for item in items(body)] == ["甲", "乙"]
    assert (RemarkCode.MALFORMED, "2") in remarks(body)


@pytest.mark.parametrize("kind", ["event", "planning", "composite"])
def test_what_is_no_news_is_left_out(kind):
    assert items(ninjs(headline="会", type=kind)) == []


@pytest.mark.parametrize("word", ["canceled", "stat:canceled"])
def test_what_its_maker_cancelled_is_left_out(word):
    body = ninjs(headline="撤", pubStatus=word)
    assert items(body) == []
    assert remarks(body) == [(RemarkCode.CANCELLED, "urn:example:1")]


def test_json_of_another_kind_is_refused():
    for body in ('{\n"a": 1}', "[1, 2]", "[]", '{"items": 3,\n"x":1}', "{"):
        with pytest.raises(Unreadable):
            items(body)


def test_a_json_feed_in_a_file():
    feed = {
        "version": "https://jsonfeed.org/version/1.1", "title": "示例",
        "items": [{"id": "1", "title": "甲", "content_text": "文"}],
    }  # fmt: skip
    assert one(json.dumps(feed)).title == "甲"
    assert one(json.dumps(feed, indent=1)).title == "甲"


# NewsML-G2


def newsml(content="", meta="", body="<inlineData>纯文本正文</inlineData>", **more):
    guid = more.get("guid", "urn:newsml:example:1")
    return (
        f'<newsItem {NAR} guid="{guid}" version="2" xml:lang="zh">'
        f"<itemMeta><provider><name>示例通讯社</name></provider>"
        f"<versionCreated>2026-11-20T16:00:00+08:00</versionCreated>{meta}</itemMeta>"
        f"<contentMeta><headline>示例 &lt;标题&gt;</headline>{content}</contentMeta>"
        f"<contentSet>{body}</contentSet></newsItem>"
    )


def test_newsml_plain():
    content = (
        "<by>示例记者</by><subject><name>电网</name></subject><located><name>云岭</name></located>"
        "<description>摘要</description><contentCreated>2026-11-19T09:00:00+08:00</contentCreated>"
    )
    found = one(newsml(content))
    assert (found.title, found.body, found.carrier) == ("示例 <标题>", "纯文本正文", "示例通讯社")
    assert (found.authors, found.tags, found.region) == (("示例记者",), ("电网",), "云岭")
    assert found.published_at == datetime(2026, 11, 19, 1, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert (found.language, found.summary) == ("zh", "摘要")


def test_newsml_xhtml():
    inner = (
        '<inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml">'
        '<head><title>x</title></head><body><p>一 &amp; <a href="http://e.example/?a=1&amp;b=2">二'
        "</a></p><script>x()</script><p>三</p></body></html></inlineXML>"
    )
    found = one(newsml(body=inner))
    assert found.body == "一 & 二\n\n三"
    assert "script" not in found.body_html


def test_newsml_nitf():
    inner = (
        '<inlineXML contenttype="application/nitf+xml"><nitf xmlns="http://iptc.org/std/NITF/2006-10-18/">'
        "<body><body.head><hedline><hl1>不是正文</hl1></hedline></body.head>"
        "<body.content><p>一</p><p>二</p></body.content></body></nitf></inlineXML>"
    )
    assert one(newsml(body=inner)).body == "一\n\n二"


def test_newsml_message_with_several_items():
    both = newsml() + newsml(guid="urn:newsml:example:2")
    body = f"<?xml version='1.0'?><newsMessage {NAR}><itemSet>{both}</itemSet></newsMessage>"
    assert len({item.entry_key for item in items(body)}) == 2


def test_newsml_cancelled_is_left_out():
    body = newsml(meta='<pubStatus qcode="stat:canceled"/>')
    assert items(body) == []
    assert remarks(body) == [(RemarkCode.CANCELLED, "urn:newsml:example:1")]


def test_newsml_pictures_by_themselves_are_left_out():
    assert items(newsml(meta='<itemClass qcode="ninat:picture"/>')) == []
    assert len(items(newsml(meta='<itemClass qcode="ninat:text"/>'))) == 1


def test_newsml_pictures_of_a_text():
    body = '<inlineData>文</inlineData><remoteContent href="http://e.example/1.jpg" contenttype="image/jpeg"/>'
    assert one(newsml(body=body)).images == ("http://e.example/1.jpg",)


def test_newsml_without_an_item_is_refused():
    with pytest.raises(Unreadable):
        items(f"<newsMessage {NAR}><itemSet/></newsMessage>")


@pytest.mark.parametrize(
    "body",
    [
        f"<newsItem {NAR}><itemMeta>",
        f"<newsItem {NAR}>" + "<a>" * 1000 + "</a>" * 1000 + "</newsItem>",
    ],
    ids=["cut", "deep"],
)
def test_broken_xml_is_refused(body):
    with pytest.raises(Unreadable):
        items(body)


def test_xml_entities_are_refused():
    bomb = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x">]><newsItem {NAR}>&b;</newsItem>'
    with pytest.raises(EntityRefused):
        items(bomb)


# WordPress, feeds


def wxr(**fields):
    post = {
        "post_type": "post",
        "status": "publish",
        "post_date_gmt": "2026-11-20 08:00:00",
    } | fields
    inner = "".join(f"<wp:{name}>{value}</wp:{name}>" for name, value in post.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"><channel><title>示例博客</title><item>'
        "<title>示例</title><link>http://blog.example.com/1</link><guid>http://blog.example.com/?p=1</guid>"
        "<dc:creator>甲</dc:creator><category>电网</category>"
        "<content:encoded><![CDATA[一段\n\n二段]]></content:encoded>"
        f"<excerpt:encoded><![CDATA[摘要]]></excerpt:encoded>{inner}</item></channel></rss>"
    )


def test_a_wordpress_post():
    found = one(wxr())
    assert (found.title, found.body, found.summary) == ("示例", "一段\n\n二段", "摘要")
    assert (found.carrier, found.authors, found.tags) == ("示例博客", ("甲",), ("电网",))
    assert found.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields", [{"status": "draft"}, {"post_type": "page"}, {"status": "private"}]
)
def test_what_was_never_published_is_left_out(fields):
    assert items(wxr(**fields)) == []


def test_a_saved_feed():
    body = "<rss version='2.0'><channel><title>x</title><item><title>甲</title><guid>1</guid></item></channel></rss>"
    assert one(body, "saved.rss").title == "甲"


def test_any_other_xml_is_refused():
    for body in (
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "<x>",
        "<html><body>hi</body></html>",
    ):
        with pytest.raises(SourceError):
            items(body)


# Word


def docx(*paragraphs, core="", raw=""):
    body = raw or "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    document = f"<w:document {WORD}><w:body>{body}</w:body></w:document>"
    parts = [("[Content_Types].xml", "<Types/>"), ("word/document.xml", document)]
    if core:
        names = (
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        )
        parts.append(("docProps/core.xml", f"<cp {names}>{core}</cp>"))
    return zipped(*parts)


def test_word_title_by_style():
    core = (
        "<dc:creator>示例作者</dc:creator><dcterms:modified>2026-11-20T08:00:00Z</dcterms:modified>"
    )
    found = one(docx(("", "密级:公开"), ("Title", "示例标题"), ("", "一"), ("", "二"), core=core))
    assert (found.title, found.body) == ("示例标题", "密级:公开\n\n一\n\n二")
    assert (found.authors, found.published_at) == (
        ("示例作者",),
        datetime(2026, 11, 20, 8, tzinfo=UTC),
    )


def test_word_title_by_length():
    assert one(docx(("", "短标题"), ("", "正文" * 50))).title == "短标题"
    assert one(docx(("", "长" * 80), ("", "正文")), "稿件/示例稿.docx").title == "示例稿"


def test_word_tracked_changes_are_taken_as_accepted():
    raw = (
        "<w:p><w:r><w:t>标题</w:t></w:r></w:p><w:p><w:r><w:t>前</w:t></w:r>"
        "<w:del><w:r><w:delText>删</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>增</w:t><w:br/><w:t>后</w:t></w:r></w:ins></w:p>"
    )
    assert one(docx(raw=raw)).body == "前增\n\n后"


def test_word_table_cells_are_kept():
    raw = (
        "<w:p><w:r><w:t>标题</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>甲</w:t></w:r></w:p>"
        "</w:tc><w:tc><w:p><w:r><w:t>乙</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    assert one(docx(raw=raw)).body == "甲\n\n乙"


def test_word_pictures_are_told_of():
    words = "<w:p><w:r><w:t>正文</w:t></w:r></w:p>"
    parts = (
        ("word/document.xml", f"<w:document {WORD}><w:body>{words}</w:body></w:document>"),
        ("word/media/", b""), ("word/media/image1.png", b"\x89PNG"), ("word/media/2.jpeg", b"x"),
    )  # fmt: skip
    assert remarks(zipped(*parts)) == [(RemarkCode.PICTURES_LEFT, "2")]
    assert remarks(docx(("", "正文"))) == []


def test_word_with_entities_is_refused():
    bad = zipped(("word/document.xml", '<!DOCTYPE a [<!ENTITY b "x">]><a/>'))
    with pytest.raises(EntityRefused):
        items(bad)


# Mail


def letter(text="正文" * 60, html="", attached=(), **headers):
    message = EmailMessage()
    message["From"] = headers.get("sender", "示例 <reporter@unit.example>")
    message["Subject"] = headers.get("subject", "示例来稿")
    message["Message-ID"] = "<1@unit.example>"
    message["Date"] = headers.get("date", "Fri, 20 Nov 2026 16:00:00 +0800")
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, body in attached:
        message.add_attachment(body, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def test_a_letter_is_an_item():
    found = one(letter(), "1.eml")
    assert (found.title, found.body, found.authors) == ("示例来稿", "正文" * 60, ("示例",))
    assert found.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_html_is_taken_before_plain_text_and_cleaned():
    found = one(letter("备用", html="<p>网页<script>x</script></p>" + "<p>长</p>" * 40), "1.eml")
    assert found.body.startswith("网页\n\n长")


def test_a_covering_letter_gives_way_to_what_is_attached():
    body = letter("见附件。", attached=[("稿.docx", docx(("Title", "附件标题"), ("", "附件正文")))])
    assert [item.title for item in items(body, "1.eml")] == ["附件标题"]


def test_a_letter_with_words_and_an_attachment_are_two_items():
    body = letter(attached=[("稿.docx", docx(("Title", "附件标题"), ("", "附件正文")))])
    assert [item.title for item in items(body, "1.eml")] == ["示例来稿", "附件标题"]


def test_attachments_that_are_no_stories_are_named():
    body = letter(
        attached=[("照片.jpg", b"\xff\xd8\xff"), ("表.csv", "标题,正文\n甲,乙\n".encode())]
    )
    assert [item.title for item in items(body, "1.eml")] == ["示例来稿"]
    assert [detail for _code, detail in remarks(body, "1.eml")] == ["照片.jpg", "表.csv"]


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: =?utf-8?b?!!!?=\nFrom: a@b.example\n\nx" * 2,
        b"From: a@b.example\nSubject: x\nContent-Type: text/plain; charset=none-such\n\n\xd6\xd0\xce\xc4",
        b"From: a@b.example\nDate: never\nSubject: y\n\nz",
        b"From: \"<>@\nSubject: z\nContent-Type: multipart/mixed; boundary=q\n\n--q\n\nno end",
    ],
)  # fmt: skip
def test_letters_that_break_the_rules_are_still_read(raw):
    assert len(items(raw, "1.eml")) == 1


def test_a_letter_in_gbk():
    raw = "From: a@b.example\nSubject: x\nContent-Type: text/plain; charset=gbk\n\n迎峰度夏".encode(
        "gbk"
    )
    assert one(raw, "1.eml").body == "迎峰度夏"


# ZIP


def test_every_file_of_a_zip_is_read():
    body = zipped(
        ("a.jsonl", '{"title": "甲", "body": "一"}'), ("b.docx", docx(("Title", "乙"), ("", "二"))),
        ("__MACOSX/a", b"x"), (".hidden", b"x"), ("folder/", b""),
    )  # fmt: skip
    assert [item.title for item in items(body)] == ["甲", "乙"]


def test_a_member_that_cannot_be_read_does_not_stop_the_others():
    body = zipped(("a.jpg", b"\xff\xd8"), ("b.jsonl", '{"title": "甲", "body": "一"}'))
    assert [item.title for item in items(body)] == ["甲"]
    assert remarks(body) == [(RemarkCode.ATTACHMENT_LEFT, "a.jpg")]


def test_a_zip_of_nothing_readable_is_refused():
    for body in (zipped(("a.jpg", b"\xff\xd8")), zipped(), b"PK\x03\x04broken"):
        with pytest.raises(SourceError):
            items(body)


def test_a_zip_in_a_zip_is_left_alone():
    body = zipped(
        ("in.zip", zipped(("a.jsonl", "{}"))), ("b.jsonl", '{"title": "甲", "body": "一"}')
    )
    assert [item.title for item in items(body)] == ["甲"]


def test_a_bomb_is_stopped_before_it_has_burst():
    bomb = zipped(("a.csv", b"title,body\n" + b"0" * 300_000_000))
    tracemalloc.start()
    with pytest.raises(TooMuch):
        items(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * unpacking.MAX_MEMBER


def test_too_many_members_are_refused():
    with pytest.raises(TooMuch):
        items(zipped(*((f"{n}.csv", b"") for n in range(unpacking.MAX_MEMBERS + 1))))


def test_all_members_together_are_bounded(monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_TOTAL", 1000)
    with pytest.raises(TooMuch):
        items(zipped(*((f"{n}.csv", b"title,body\n" + b"x" * 300) for n in range(5))))


def test_names_from_chinese_windows():
    body = zipped(("x.jsonl", '{"title": "甲", "body": "一"}'), ("y.jpg", b"\xff"))
    raw = body.replace(b"y.jpg", "照".encode("gbk") + b"jpg")
    # cp437 is what the format says where no flag says otherwise.
    assert (RemarkCode.ATTACHMENT_LEFT, "照jpg") in remarks(raw)
