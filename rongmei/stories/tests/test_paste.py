"""Pasted HTML is cleaned without losing a visible word. The samples are our own, in others' manners."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from rongmei.stories import kinds, pasting
from rongmei.stories.errors import PasteTooLarge
from rongmei.stories.models import Story
from rongmei.stories.tests import newsroom

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal{margin:0}</style>
<!--[if gte mso 9]><xml><o:OfficeDocumentSettings/></xml><![endif]--></head><body lang=ZH-CN><!--StartFragment-->
<h1>台风过后<span lang=EN-US><o:p></o:p></span></h1>
<p class=MsoNormal style='text-indent:21.0pt'><span style='font-family:宋体'>清晨六点，<b>云岭抢修
队</b>抵达现场，</span><span lang=EN-US>48 </span><span>名队员分成三组。<a
href="#_ftn1" name="_ftnref1"><span class=MsoFootnoteReference><![if !supportFootnotes]>[1]<![endif]></span></a></span></p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>1、<span
style='font:7.0pt "Times New Roman"'>&nbsp; </span></span><![endif]>停电</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>2、<span
style='font:7.0pt'>&nbsp; </span></span><![endif]>验电</p>
<p class=MsoNormal>发布时间<del>昨日</del><span style='mso-hide:all;display:none'>隐去</span>今日</p>
<table class=MsoTableGrid><tr><td><p class=MsoNormal>县</p></td><td><p>户数</p></td></tr>
<tr><td rowspan=2><p>云岭</p></td><td><p>1200</p></td></tr><tr><td><p>300</p></td></tr></table>
<p class=MsoNormal><img width=553 height=300 src="file:///C:/a.png" alt="抢修现场"></p>
<div style='mso-element:footnote-list'><p class=MsoFootnoteText>[1] 据调度日志。</p></div><!--EndFragment--></body></html>"""

WECHAT = """<div class="rich_media_content"><section style="margin:0"><section><section data-role="title">
<p style="text-align:center"><strong><span style="font-size:18px">一线纪实</span></strong></p></section></section>
<section><span style="letter-spacing:1px">风停了，<span style="font-weight:bold">灯</span>还没亮。</span><br/><br/><span>队员们上山了。</span></section>
<svg width="10"><text>装饰</text></svg><img class="rich_pages" data-src="https://example.org/a.jpg" alt=""/>
<table><tbody><tr><td><section><p>第一段。</p><p>第二段。</p></section></td></tr></tbody></table>
<iframe class="video_iframe" data-src="https://v.example.invalid/1"></iframe></section></div>"""


def values(source: str) -> list[tuple[str, Any]]:
    return [(one["type"], one["value"]) for one in pasting.read(source).blocks]


def said(source: str) -> str:
    """All words of the blocks, without spaces."""
    found = []
    for one in pasting.read(source).blocks:
        kind = kinds.KINDS[one["type"]]
        found += kind.lines(kind.cover(kind.clean(one["value"]), {}))
    return "".join("".join(found).split()).replace("│", "")


def test_word_becomes_headings_paragraphs_lists_tables_and_places_for_pictures():
    found = values(WORD)
    assert found[0] == ("heading", "台风过后")
    first = "<p>清晨六点，<b>云岭抢修队</b>抵达现场，48 名队员分成三组。[1]</p>"
    assert found[1] == (
        "paragraph",
        f"{first}<ol><li>停电</li><li>验电</li></ol><p>发布时间今日</p>",
    )
    cells = [["县", "户数"], ["云岭", "1200"], ["", "300"]]
    assert found[2] == ("table", {"caption": "", "cells": cells})
    assert found[3] == ("picture", {"picture": None, "caption": "抢修现场", "credit": ""})
    assert found[4] == ("paragraph", "<p>[1] 据调度日志。</p>")


def test_wechat_sections_become_plain_paragraphs():
    found = values(WECHAT)
    assert found[0] == (
        "paragraph", "<p><b>一线纪实</b></p><p>风停了，<b>灯</b>还没亮。</p><p>队员们上山了。</p>",
    )  # fmt: skip
    assert found[1][0] == "picture" and found[1][1]["picture"] is None
    assert found[2] == ("paragraph", "<p>第一段。</p><p>第二段。</p>")


def test_what_did_not_come_along_is_said():
    remarks = " ".join(pasting.read(WORD).remarks + pasting.read(WECHAT).remarks)
    assert "图片没有带来" in remarks and "音视频没有带来" in remarks and "已删去的文字" in remarks


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("<p>甲<p>乙", "<p>甲</p><p>乙</p>"),
        ("<p>一行<br>二行</p>", "<p>一行<br>二行</p>"),
        ("<ul><li>甲<ol><li>乙</li></ol><li>丙</ul>", "<ul><li>甲</li></ul><ol><li>乙</li></ol><ul><li>丙</li></ul>"),
        ("<p><a href='javascript:x()'>链</a><a href='https://example.org/?a=1&amp;b=2'>好</a></p>", '<p>链<a href="https://example.org/?a=1&amp;b=2">好</a></p>'),
        ("<p onclick=x()>好<script>alert(1)</script></p>", "<p>好</p>"),
        ("<p>5 &lt; 6 &amp;&amp; 7</p>", "<p>5 &lt; 6 &amp;&amp; 7</p>"),
        ("<p>供\n电</p><p>power\nline</p>", "<p>供电</p><p>power line</p>"),
        ("<b>粗<p>内</b>外</p>", "<p><b>粗</b></p><p><b>内</b>外</p>"),
        ("纯文字", "<p>纯文字</p>"),
        ("<o:p>&nbsp;</o:p><p>文</p>", "<p>文</p>"),
        ("<p>上</p><hr><p>下</p>", "<p>上</p><hr><p>下</p>"),
        ("<table><tr><td>一<td>二</table>", None),
    ],
)  # fmt: skip
def test_html_of_any_make_is_read(source, kept):
    ((kind, value),) = values(source)
    assert (kind, value) == (
        ("paragraph", kept) if kept else ("table", {"caption": "", "cells": [["一", "二"]]})
    )


def test_what_is_nested_without_end_is_read_whole():
    deep = 20_000
    source = "".join(f"<div><span>字{n}" for n in range(deep)) + "</span></div>" * deep
    assert f"字{deep - 1}" in said(source) and "字0" in said(source)


def test_too_much_at_once_is_refused():
    with pytest.raises(PasteTooLarge):
        pasting.read("字" * (pasting.MAX_HTML + 1))


TAGS = st.sampled_from(
    ["p", "div", "section", "span", "b", "em", "li", "ul", "ol", "h2", "h4", "table", "tr", "td", "th",
     "blockquote", "a", "figure", "font", "o:p", "pre", "center", "del2", "label", "thead", "caption"]
)  # fmt: skip
WORDS_ = st.text(alphabet="供电抢修。，<&>ab1 \n\u3000\u00a0", min_size=0, max_size=8)
STYLES = st.sampled_from(["", ' style="font-weight:bold"', " style='mso-list:l0 level1'", ' class="MsoNormal"', ' rowspan="2" colspan="2"'])  # fmt: skip


def _node(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inside = st.lists(children, max_size=4).map("".join)
    closed = st.sampled_from(["</{0}>", "", "<br>", "</{0}><!-- 注 -->"])
    return st.builds(
        lambda tag, style, held, end: f"<{tag}{style}>{held}{end.format(tag)}",
        TAGS,
        STYLES,
        inside,
        closed,
    )


TREES = st.recursive(WORDS_.map(html.escape), _node, max_leaves=25)


@given(st.lists(TREES, min_size=1, max_size=5).map("".join))
def test_every_visible_character_survives(source):
    shown = html.unescape(pasting.re.sub(r"<!--.*?-->|<[^>]*>", "", source))
    assert sorted(said(source)) == sorted("".join(shown.split()))


def test_a_pasted_text_can_be_saved(cast):
    story = newsroom.draft(cast)
    newsroom.save(cast, story, body=pasting.read(WORD).blocks)
    assert "清晨六点" in Story.objects.get(pk=story.pk).body_text


def pasted(client: Any, source: str) -> Any:
    file = SimpleUploadedFile("paste.html", source.encode(), "text/html")
    return client.post(reverse("stories:paste"), {"html": file})


def test_the_editor_gets_blocks_it_can_insert(cast, signed_in):
    client = signed_in("yl.reporter")
    found = pasted(client, WORD).json()
    assert [one["type"] for one in found["blocks"]][:3] == ["heading", "paragraph", "table"]
    assert all(one["id"] for one in found["blocks"]) and not found["inline"]
    assert "清晨六点" in json.dumps(json.loads(found["blocks"][1]["value"]), ensure_ascii=False)
    assert pasted(client, "<p>甲</p><p>乙</p>").json()["inline"] == "<p>甲</p><p>乙</p>"
    assert pasted(client, "字" * (pasting.MAX_HTML + 1)).status_code == 413
    assert pasted(signed_in("yl.planner"), WORD).status_code == 403
