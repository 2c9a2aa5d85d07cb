"""The wire's web pages: media home pages, articles, the hot list and the index.

They carry what real news pages carry around the text (navigation, a sidebar with advertisements,
related links, a footer), because getting the text out of that is what a reader is tested on.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from rongmei_wire.library import Library, Medium
from rongmei_wire.newsroom import HotEntry, Item, body_html

NAV = ("要闻", "抢修", "新能源", "民生热点", "乡村振兴", "科技创新", "服务", "文化体育")
NOTICE = "示例媒体：本站的单位、地名、人物和事件均为虚构，仅供软件演示与测试。"
NOTICE_EN = "Sample medium: every unit, place, person and event on this site is invented."
# Invented, harmless, and long enough to fool a text extractor that trusts length alone.
ADVERTS = (
    "晚稻米行（示例）：新米上市，满两袋送竹刷一把，望潮、平渚同城当天送到。",
    "青石瓷砖（示例）：旧墙翻新不砸砖，周末到店量尺，免费出一张摆放图。",
    "慢车书店（示例）：旧书换新书，三本换一本，封面破了也不要紧。",
)
FORMAT_FILES = {
    "rss": ("rss.xml", "application/rss+xml"),
    "atom": ("atom.xml", "application/atom+xml"),
    "json": ("feed.json", "application/feed+json"),
    "sitemap": ("sitemap.xml", "application/xml"),
}
_STYLE = """
body{margin:0;font:16px/1.8 "PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#222}
a{color:inherit;text-decoration:none}a:hover{text-decoration:underline}
header{background:var(--c);color:#fff;padding:14px 24px;display:flex;gap:14px;align-items:center}
header img{width:44px;height:44px}header b{font-size:22px}header span{opacity:.85}
nav{border-bottom:1px solid #ddd;padding:8px 24px}nav a{margin-right:18px}
.wrap{display:grid;grid-template-columns:minmax(0,1fr) 300px;gap:36px;max-width:1160px;
margin:24px auto;padding:0 24px}
h1{font-size:30px;line-height:1.4;margin:.2em 0}.sub{color:#555;font-size:18px;margin:0 0 .6em}
.meta{color:#777;font-size:14px;border-bottom:1px solid #eee;padding-bottom:10px}
figure{margin:18px 0}figure img{width:100%;height:auto}figcaption{color:#777;font-size:14px}
aside section{border-top:3px solid var(--c);margin-bottom:26px}aside h2{font-size:17px;margin:8px 0}
.ad{background:#f6f3ea;padding:10px 12px;font-size:14px;margin:10px 0}
.list li{margin:6px 0}.list time{color:#888;font-size:13px;margin-left:8px}
footer{background:#f3f3f3;color:#666;font-size:13px;padding:18px 24px;text-align:center}
@media(max-width:760px){.wrap{grid-template-columns:1fr}}
"""


def article(medium: Medium, item: Item, base: str, others: Sequence[Item]) -> bytes:
    """An article page. `base` is the wire's address; `others` are the medium's other items."""
    root = "../.." if medium.links == "relative" else base
    related = sorted(others, key=lambda other: _kinship(item, other))[:5]
    image = item.pictures[0].name if item.pictures else ""
    head = f"""<link rel="canonical" href="{base}{item.path}">
<meta name="description" content="{_x(item.summary)}">
<meta name="author" content="{_x(item.author)}">
<meta property="og:type" content="article">
<meta property="og:title" content="{_x(item.title)}">
<meta property="og:description" content="{_x(item.summary)}">
<meta property="og:url" content="{base}{item.path}">
<meta property="og:site_name" content="{_x(medium.name)}">
<meta property="article:published_time" content="{item.at.isoformat(timespec="seconds")}">
<meta property="article:section" content="{_x(item.category)}">
"""
    if image:
        head += f'<meta property="og:image" content="{base}/pic/{image}.jpg">\n'
    subtitle = f'<p class="sub">{_x(item.subtitle)}</p>\n' if item.subtitle else ""
    words = _WORDS_EN if medium.language == "en" else _WORDS
    source = _x(item.source or medium.name)
    main = f"""<article>
<h1>{_x(item.title)}</h1>
{subtitle}<p class="meta"><time datetime="{item.at.isoformat(timespec="seconds")}">\
{item.at:%Y-%m-%d %H:%M}</time> · {words["source"]}{source} · {_x(item.author)}</p>
<div class="article-body">
{body_html(item, root)}
</div>
<p class="meta">{words["editor"]} · {words["share"]}</p>
</article>
<section class="related"><h2>{words["related"]}</h2>
{_list(related, medium, root)}</section>"""
    return _page(medium, item.title, head, main, _sidebar(medium, others[:8], root), root)


def home(medium: Medium, items: Sequence[Item], base: str) -> bytes:
    """A medium's home page: it names all its feeds, the preferred one first."""
    root = "../.." if medium.links == "relative" else base
    order = sorted(FORMAT_FILES, key=lambda name: name != medium.format)
    head = f'<link rel="canonical" href="{base}/m/{medium.slug}/">\n' + "".join(
        f'<link rel="{"sitemap" if name == "sitemap" else "alternate"}" '
        f'type="{FORMAT_FILES[name][1]}" title="{_x(medium.name)}" '
        f'href="{root}/m/{medium.slug}/{FORMAT_FILES[name][0]}">\n'
        for name in order
    )
    sections: dict[str, list[Item]] = {}
    for item in items:
        sections.setdefault(item.category, []).append(item)
    main = "".join(
        f'<section id="{_x(name)}"><h2>{_x(name)}</h2>\n{_list(rows, medium, root)}</section>\n'
        for name, rows in sections.items()
    )
    main = f"<h1>{_x(medium.name)}</h1>\n<p class='sub'>{_x(medium.slogan)}</p>\n{main}"
    return _page(medium, medium.name, head, main, _sidebar(medium, items[:8], root), root)


def index(library: Library, base: str) -> bytes:
    """The front door: all media with their feeds."""
    rows = "".join(
        f'<tr><td><img src="/m/{m.slug}/logo.png" width="32" height="32" alt=""></td>'
        f'<td><a href="/m/{m.slug}/">{_x(m.name)}</a></td><td>{_x(m.slogan)}</td>'
        f"<td>{m.kind}</td><td>{m.charset}</td><td>"
        f'<a href="/m/{m.slug}/{FORMAT_FILES[m.format][0]}">{m.format}</a></td></tr>\n'
        for m in library.media.values()
    )
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>示例通讯社 · example wire</title>
<link rel="canonical" href="{base}/"><style>{_STYLE}table{{border-spacing:14px 6px}}</style></head>
<body style="--c:#9b1c2e"><header><b>示例通讯社</b><span>演示与测试用的本地新闻源</span></header>
<div class="wrap"><main><h1>媒体一览</h1><table>
<tr><th></th><th>媒体</th><th></th><th>类型</th><th>编码</th><th>首选格式</th></tr>
{rows}</table><p><a href="/hot.html">热榜</a> · <a href="/hot.json">hot.json</a></p></main></div>
<footer>{NOTICE}</footer></body></html>
""".encode()


def hot(entries: Sequence[HotEntry], updated: str, base: str) -> bytes:
    """The hot list as a table."""
    rows = "".join(
        f'<tr><td>{e.rank}</td><td><a href="{base}{e.path}">{_x(e.title)}</a></td>'
        f"<td>{_x(e.medium)}</td><td>{e.heat}</td></tr>\n"
        for e in entries
    )
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>示例热榜</title>
<style>{_STYLE}table{{border-spacing:14px 6px}}</style></head>
<body style="--c:#9b1c2e"><header><b>示例热榜</b><span>更新于 {_x(updated)}</span></header>
<div class="wrap"><main><table class="hot"><tr><th>排名</th><th>标题</th><th>媒体</th><th>热度</th></tr>
{rows}</table></main></div><footer>{NOTICE}</footer></body></html>
""".encode()


_WORDS = {
    "source": "来源：",
    "editor": "责任编辑：值班编辑",
    "share": "分享 · 收藏 · 打印",
    "related": "相关阅读",
    "latest": "最新发布",
    "advert": "广告（示例）",
}
_WORDS_EN = {
    "source": "Source: ",
    "editor": "Edited by the desk",
    "share": "Share · Save · Print",
    "related": "Related",
    "latest": "Latest",
    "advert": "Advertisement (sample)",
}


def _page(medium: Medium, title: str, head: str, main: str, side: str, root: str) -> bytes:
    english = medium.language == "en"
    nav = "".join(f'<a href="{root}/m/{medium.slug}/#{name}">{name}</a>' for name in NAV)
    notice = NOTICE_EN if english else NOTICE
    text = f"""<!doctype html>
<html lang="{"en" if english else "zh-CN"}"><head><meta charset="{medium.charset}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{_x(title)} - {_x(medium.name)}</title>
{head}<link rel="icon" type="image/png" href="{root}/m/{medium.slug}/logo.png">
<style>{_STYLE}</style></head>
<body style="--c:{medium.colour}">
<header><img src="{root}/m/{medium.slug}/logo.png" alt="">
<b><a href="{root}/m/{medium.slug}/">{_x(medium.name)}</a></b><span>{_x(medium.slogan)}</span></header>
<nav>{nav}</nav>
<div class="wrap"><main>
{main}
</main><aside>
{side}
</aside></div>
<footer>{notice}<br>© {_x(medium.name)}</footer>
</body></html>
"""
    return text.encode(medium.charset, "xmlcharrefreplace")


def _sidebar(medium: Medium, items: Sequence[Item], root: str) -> str:
    words = _WORDS_EN if medium.language == "en" else _WORDS
    adverts = "".join(f'<div class="ad">{text}</div>' for text in ADVERTS)
    latest = _list(items, medium, root)
    return (
        f"<section><h2>{words['latest']}</h2>\n{latest}</section>\n"
        f"<section><h2>{words['advert']}</h2>\n{adverts}</section>"
    )


def _list(items: Sequence[Item], medium: Medium, root: str) -> str:
    relative = medium.links == "relative"
    rows = "".join(
        f'<li><a href="{item.path.rpartition("/")[2] if relative else root + item.path}">'
        f'{_x(item.title)}</a><time datetime="{item.at.isoformat(timespec="seconds")}">'
        f"{item.at:%m-%d %H:%M}</time></li>\n"
        for item in items
    )
    return f'<ul class="list">\n{rows}</ul>\n'


def _kinship(item: Item, other: Item) -> tuple[bool, bool, str]:
    return (
        not (item.event and item.event == other.event),
        item.category != other.category,
        other.id,
    )


def _x(text: str) -> str:
    return html.escape(text)
