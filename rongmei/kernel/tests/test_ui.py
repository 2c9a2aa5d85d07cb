"""The interface kit: words, addresses, charts, every tag, contrast, and pages without inline code."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django import forms
from django.core.paginator import Paginator
from django.http import QueryDict
from django.template import Context, Template, engines
from django.test import RequestFactory
from django.utils import timezone, translation

from rongmei.kernel.tests import ui_samples
from rongmei.kernel.ui import charts, query, words
from rongmei.kernel.ui.shapes import Bar, Entry, Step

KERNEL = Path(words.__file__).parents[1]
STATIC = KERNEL / "static" / "ui"
# A Wednesday afternoon.
NOW = datetime(2026, 3, 4, 6, 5, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def chinese():
    with translation.override("zh-hans"), timezone.override("Asia/Shanghai"):
        yield


def draw(source: str, path: str = "/", **values: object) -> str:
    request = RequestFactory().get(path)
    context = Context({"request": request, "csrf_token": "tok", **values})
    return Template("{% load ui %}" + source).render(context)


# ---- Words


@pytest.mark.parametrize(
    ("ago", "zh"),
    [
        (timedelta(seconds=20), "刚刚"),
        (timedelta(seconds=-20), "马上"),
        (timedelta(minutes=3), "3分钟前"),
        (timedelta(minutes=-59), "59分钟后"),
        (timedelta(hours=23), "23小时前"),
        (timedelta(days=1), "昨天 14:05"),
        (timedelta(days=-1), "明天 14:05"),
        (timedelta(days=5), "周五 14:05"),
        (timedelta(days=8), "2月24日"),
        (timedelta(days=90), "2025年12月4日"),
    ],
)
def test_relative_time_says_what_a_colleague_would(ago, zh):
    assert words.relative(NOW - ago, NOW) == zh


def test_times_of_plans_have_a_weekday_and_exact_times_everything():
    assert words.planned(NOW + timedelta(days=9), NOW) == "3月13日 周五 14:05"
    assert words.planned(NOW, NOW) == "今天 14:05"
    assert words.exact(NOW) == "2026年3月4日 周三 14:05:09"
    assert words.stamp(NOW) == "2026年3月4日 14:05"


@pytest.mark.parametrize(
    ("span", "zh"),
    [
        (timedelta(days=2, hours=3), "2天3小时"),
        (timedelta(days=2), "2天"),
        (timedelta(hours=1, minutes=5), "1小时05分"),
        (timedelta(hours=3), "3小时"),
        (timedelta(minutes=-40), "40分钟"),
        (timedelta(seconds=8), "8秒"),
    ],
)
def test_spans_keep_two_units(span, zh):
    assert words.span_words(span) == zh


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0, "0", "0"),
        (9999, "9,999", "9,999"),
        (10_000, "1万", "10,000"),
        (128_400, "12.8万", "128,400"),
        (99_999_600, "1亿", "99,999,600"),
        (340_000_000, "3.4亿", "340,000,000"),
        (-25_000, "-2.5万", "-25,000"),
        (12.5, "12.5", "12.5"),
        (None, "—", "—"),
    ],
)
def test_numbers_are_read_in_wan_and_yi_or_in_thousands(value, zh, en):
    assert words.number_words(value) == zh
    with translation.override("en"):
        assert words.number_words(value) == en


# ---- State in the address


def test_toggling_a_filter_keeps_the_rest_and_goes_back_to_the_first_page():
    held = QueryDict("state=a&state=b&q=雪&page=4")
    assert QueryDict(query.toggled(held, "state", "b")[1:]).getlist("state") == ["a"]
    added = QueryDict(query.toggled(held, "state", "c")[1:])
    assert added.getlist("state") == ["a", "b", "c"]
    assert added["q"] == "雪"
    assert "page" not in added
    assert QueryDict(query.toggled(held, "state", "c", single=True)[1:]).getlist("state") == ["c"]


def test_taking_out_the_last_filter_leaves_an_address_that_clears_the_query():
    assert query.toggled(QueryDict("state=a"), "state", "a") == "?"


def test_query_tags_set_and_drop():
    assert draw('{% qs_set sort="-due" %}', "/?sort=due&page=3") == "?sort=-due"
    assert draw("{% qs_set page=3 %}", "/?q=a") == "?q=a&amp;page=3"
    assert draw('{% qs_without "q" "page" %}', "/?q=a&state=b&page=2") == "?state=b"


# ---- Charts


def test_a_gap_in_the_data_is_a_gap_in_the_line():
    path = charts.spark_path([1, 2, None, 4])
    assert path.count("M") == 2
    assert path.count("L") == 1


def test_an_empty_series_says_so_and_draws_nothing():
    assert "无数据" in charts.spark([None, None])
    assert "<path" not in charts.spark([])


def test_a_flat_series_lies_in_the_middle():
    assert {part.split(" ")[1] for part in re.split("[ML]", charts.spark_path([5, 5, 5]))[1:]} == {
        "14.0"
    }


def test_charts_tell_their_figures_to_those_who_cannot_see_them():
    out = charts.histogram([("8时", 12), ("9时", None), ("10时", 30)], "发稿")
    assert "发稿 2个点，最低12，最高30，最近30" in out
    assert "hist-none" in out


# ---- Tags


def test_when_shows_words_and_keeps_the_exact_time():
    at = timezone.now() - timedelta(minutes=3, seconds=5)
    out = draw("{% when at %}", at=at)
    assert ">3分钟前</time>" in out
    assert f'title="{words.exact(at)}"' in out
    assert "—" in draw("{% when None %}")


@pytest.mark.parametrize(
    ("left", "done", "state", "text"),
    [
        (timedelta(hours=5, seconds=9), False, "open", "剩 5小时"),
        (timedelta(minutes=30, seconds=9), False, "soon", "剩 30分钟"),
        (timedelta(minutes=-30, seconds=-9), False, "late", "超时 30分钟"),
        (timedelta(minutes=-30), True, "done", "已完成"),
    ],
)
def test_deadline_is_open_soon_late_or_done(left, done, state, text):
    out = draw("{% deadline at done=done %}", at=timezone.now() + left, done=done)
    assert f"due--{state}" in out
    assert text in out


def test_an_alarm_level_has_colour_shape_and_word():
    shapes = set()
    for level, word in (("red", "红色"), ("orange", "橙色"), ("yellow", "黄色"), ("blue", "蓝色")):
        out = draw("{% alarm level %}", level=level)
        assert f"alarm--{level}" in out
        assert word in out
        shapes.add(re.search(r'aria-hidden="true">(.*?)</svg>', out)[1])
    assert len(shapes) == 4


def test_buttons_links_and_reasons():
    assert draw('{% button "保存" kind="primary" hx_post="/x" %}').count('hx-post="/x"') == 1
    assert draw('{% button "看" url=u %}', u="/a?b=1&c=2").startswith(
        '<a class="btn btn--plain" href="/a?b=1&amp;c=2"'
    )
    blocked = draw('{% button "签发" disabled="复审还没有完成" url="/sign" %}')
    assert 'aria-disabled="true"' in blocked
    assert "/sign" not in blocked
    assert 'class="sr">通知<' in draw('{% button "通知" icon="bell" hide_text=True %}')


def test_text_from_people_is_escaped_everywhere():
    bad = "<script>x</script>\"'"
    tags = (
        "{% badge t %}{% button t %}{% chip t 's' t %}{% avatar t %}{% fact t t %}{% kbd t %}"
        "{% card t %}{{ t }}{% endcard %}{% empty_state t t action=t url='/' %}{% failed_state t t t ref=t %}"
        "{% tile t %}{% endtile %}{% td_select 'x' t t %}{% th 'c' t %}{% menu t %}{% menuitem t '/' %}{% endmenu %}"
        "{% keyfigure 1 t unit=t change=t %}{% undo_bar t '/' %}{% upload 'f' t help=t %}{% alarm 'red' t %}"
    )
    assert "<script" not in draw(tags, t=bad)


def test_menu_items_that_change_something_are_forms_with_a_token():
    out = draw(
        '{% menu %}{% menuitem "撤稿" "/w" post=True %}{% menuitem "看" "/v" %}{% endmenu %}'
    )
    assert (
        '<form method="post" action="/w"><input type="hidden" name="csrfmiddlewaretoken" value="tok">'
        in out
    )
    assert '<a class="menu-item" href="/v">' in out


def test_chip_says_that_it_is_on():
    assert 'aria-current="true"' in draw('{% chip "待审" "s" "a" count=3 %}', "/?s=a")
    off = draw('{% chip "待审" "s" "a" %}', "/?s=b")
    assert "aria-current" not in off
    assert 'href="?s=b&amp;s=a"' in off


def test_tab_is_a_link_that_swaps_the_side_panel_only():
    out = draw(
        '{% tab "检查" "checks" default=True %}{% tab "历史" "history" %}', "/?panel=history&q=1"
    )
    checks, history = out.split("</a>")[:2]
    assert "aria-current" not in checks
    assert 'aria-current="page"' in history
    assert 'hx-select="#side-panel"' in checks
    assert 'href="?panel=checks&amp;q=1"' in checks


def test_sortable_head_turns_round():
    assert 'aria-sort="none"' in draw('{% th "due" "截止" sort=True %}')
    up = draw('{% th "due" "截止" sort=True %}', "/?sort=due")
    assert 'aria-sort="ascending"' in up
    assert 'href="?sort=-due"' in up
    assert 'href="?sort=due"' in draw('{% th "due" "截止" sort=True %}', "/?sort=-due")


def test_bulk_form_is_joined_to_the_boxes_outside_it():
    out = draw('{% td_select "st" 7 "标题" %}{% bulkbar "st" "/bulk" %}{% endbulkbar %}')
    assert 'name="ids" value="7" form="st-bulk"' in out
    assert 'id="st-bulk" method="post" action="/bulk"' in out


def test_hits_and_pages():
    assert "12,873 条" in draw("{% hits 12873 ms=38.4 %}")
    assert "38 毫秒" in draw("{% hits 12873 ms=38.4 %}")
    page = Paginator(range(30), 10).page(2)
    out = draw("{% pagination page %}", "/?q=a&page=2", page=page)
    assert 'href="?q=a&amp;page=1"' in out
    assert 'href="?q=a&amp;page=3"' in out
    assert "第 2 / 3 页" in out
    assert draw("{% pagination %}").strip() == ""


def test_strip_names_who_when_how_long_and_what_next():
    steps = [
        Step(
            "采写", "done", "示例·林晓", timezone.now() - timedelta(hours=2), timedelta(minutes=42)
        ),
        Step("初审", "now", due=timezone.now() + timedelta(minutes=30)),
        {"label": "终审", "state": "next"},
    ]
    out = draw("{% strip steps %}", steps=steps)
    assert "用时 42分钟" in out
    assert "2小时前" in out
    assert 'step--now" aria-current="step"' in out
    assert "待认领" in out
    assert "step--next" in out


def test_timeline_facts_bars_progress():
    out = draw(
        "{% timeline entries %}{% facts %}{% fact 'a' None %}{% endfacts %}{% bars rows %}{% progress 3 9 %}",
        entries=[Entry("通过初审", who="示例·周岩", note="请核对标题")],
        rows=[Bar("云岭", 20, "/u"), Bar("南屿", None)],
    )
    assert "请核对标题" in out
    assert "<dd>—</dd>" in out
    assert 'href="/u"' in out
    assert "3 / 9" in out


def test_states_say_all_they_must():
    failed = draw('{% failed_state "没发出去" "稿件还在" "再试一次" ref="7F3K" retry_url="/r" %}')
    for part in ("没发出去", "稿件还在", "再试一次", "7F3K", 'role="alert"', 'href="/r"'):
        assert part in failed
    assert "系统管理员" in draw('{% forbidden_state "内部稿件" "系统管理员" %}')
    assert "btn--primary" in draw('{% empty_state "空" "这里是稿件" action="写稿" url="/new" %}')
    assert draw("{% skeleton 4 %}").count("<i></i>") == 4
    assert "连接中断" in draw("{% stale_mark at outage=True %}", at=timezone.now())


@pytest.mark.parametrize(
    ("state", "word"), [("ok", ""), ("stale", "数据较旧"), ("outage", "连接中断")]
)
def test_tile_always_shows_its_time_and_says_when_it_is_old(state, word):
    out = draw('{% tile "发布" at=at state=state sample=True %}x{% endtile %}', at=NOW, state=state)
    assert "数据时间" in out
    assert "14:05" in out
    assert "示例数据" in out
    assert word in out
    assert f"tile--{state}" in out


def test_tile_without_data_says_so():
    assert "还没有数据" in draw('{% tile "发布" %}{% endtile %}')


class _Form(forms.Form):
    title = forms.CharField(label="标题", help_text="不超过 30 字")
    kinds = forms.MultipleChoiceField(
        label="形式", required=False, choices=[("a", "文")], widget=forms.CheckboxSelectMultiple
    )
    yes = forms.BooleanField(label="按突发", required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_field_ties_label_help_and_error_to_the_input():
    out = draw("{% field form.title %}", form=_Form({"title": ""}))
    assert '<label class="field-label" for="id_title">标题' in out
    assert "必填" in out
    described = re.search(r'aria-describedby="([^"]+)"', out)[1].split()
    for name in described:
        assert f'id="{name}"' in out
    assert 'aria-invalid="true"' in out
    assert "field--bad" in out


def test_group_check_and_hidden_fields():
    form = _Form()
    assert "<fieldset" in draw("{% field form.kinds %}", form=form)
    assert "field--check" in draw("{% field form.yes %}", form=form)
    assert draw("{% field form.token %}", form=form).strip().startswith('<input type="hidden"')


def test_undo_and_upload():
    assert 'action="/undo"' in draw('{% undo_bar "已退回" "/undo" %}')
    out = draw('{% upload "files" "照片" accept="image/*" help="不超过 50 MB" %}')
    assert 'aria-describedby="up-files-help"' in out
    assert "multiple" in out


# ---- Whole pages


class _Audit(HTMLParser):
    """Collects what a strict content policy or an honest document would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.inside_script = False

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        self.wrong += [f"{tag} {n}" for n in names if n == "style" or n.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.wrong.append(f"inline {tag}")
        if tag == "img" and "alt" not in names:
            self.wrong.append("img without alt")
        if "id" in names:
            self.ids.append(names["id"])


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("name", list(ui_samples.PAGES))
def test_pages_render_without_inline_code_or_doubled_ids(name, language, settings):
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "DIRS": [Path(__file__).parent / "templates"],
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }
    ]
    with translation.override(language):
        context = ui_samples.context(timezone.now(), english=language == "en")
        template = engines["django"].get_template(ui_samples.PAGES[name])
        html = template.render(context, RequestFactory().get("/?state=second&sort=-due"))
    audit = _Audit()
    audit.feed(html)
    assert audit.wrong == []
    # The guide shows one form twice, once with errors; its ids are then the form's, not the kit's.
    ids = [i for i in audit.ids if not (name == "guide" and i.startswith("id_"))]
    assert len(ids) == len(set(ids))
    assert f'<html lang="{"zh-CN" if language == "zh-hans" else "en"}"' in html
    assert 'id="main"' in html
    assert 'class="skip" href="#main"' in html


# ---- English


def _said() -> set[str]:
    """Every msgid of the kit's templates and Python."""
    found: set[str] = set()
    for page in (KERNEL / "templates" / "ui").rglob("*.html"):
        text = page.read_text()
        found |= set(re.findall(r'{% translate "([^"]+)"', text))
        found |= set(re.findall(r'_\("([^"]+)"\)', text))
    for module in (KERNEL / "ui").glob("*.py"):
        found |= set(re.findall(r'n?gettext(?:_lazy)?\(\s*"([^"]+)"', module.read_text()))
    return found


def test_every_word_of_the_kit_has_english():
    with (KERNEL / "locale" / "en" / "LC_MESSAGES" / "django.po").open("rb") as file:
        catalogue = read_po(file)
    said = _said()
    assert len(said) > 100
    missing = [text for text in said if not (catalogue.get(text) and catalogue.get(text).string)]
    assert missing == []


# ---- Colours


def _tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", block))


def _palettes() -> dict[str, dict[str, str]]:
    css = (STATIC / "tokens.css").read_text()
    light = _tokens(re.search(r"^:root \{(.*?)^\}", css, re.S | re.M)[1])
    system = _tokens(re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', css, re.S)[1])
    chosen = _tokens(re.search(r':root\[data-theme="dark"\] \{(.*?)\}', css, re.S)[1])
    wall = _tokens((STATIC / "screen.css").read_text())
    assert system == chosen
    return {"light": light, "dark": light | chosen, "wall": light | wall}


def _luminance(colour: str) -> float:
    def channel(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return (
        0.2126 * channel(colour[1:3])
        + 0.7152 * channel(colour[3:5])
        + 0.0722 * channel(colour[5:7])
    )


def contrast(one: str, two: str) -> float:
    """WCAG 2.2 contrast ratio of two #rrggbb colours."""
    high, low = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("page", "surface", "raised", "sunken", "hover")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in GROUNDS),
    *(("accent-ink", ground) for ground in (*GROUNDS, "accent-tint")),
    ("ink", "accent-tint"),
    ("ink-2", "accent-tint"),
    ("on-ink", "ink"),
    ("on-ink", "ink-2"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    *((f"on-alarm-{level}", f"alarm-{level}") for level in ("red", "orange", "yellow", "blue")),
]
PARTS = [
    *(("accent", ground) for ground in GROUNDS),
    *(("line-strong", ground) for ground in ("page", "surface", "raised")),
    *(("ink", ground) for ground in GROUNDS),
]


@pytest.mark.parametrize("theme", ["light", "dark", "wall"])
def test_colours_can_be_read(theme):
    palette = _palettes()[theme]
    low = [
        (a, b, round(contrast(palette[a], palette[b]), 2))
        for a, b in TEXT
        if contrast(palette[a], palette[b]) < 4.5
    ]
    low += [
        (a, b, round(contrast(palette[a], palette[b]), 2))
        for a, b in PARTS
        if contrast(palette[a], palette[b]) < 3
    ]
    assert low == []


def test_contrast_formula_knows_black_on_white():
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_only_the_token_files_name_colours():
    for name in ("base.css", "components.css", "portal.css"):
        css = (STATIC / name).read_text()
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s])|rgb\(", css.split("@media print")[0]) == []


def test_alarm_colours_are_used_for_alarms_only():
    for sheet in STATIC.glob("*.css"):
        for line in sheet.read_text().splitlines():
            if "var(--alarm-" in line:
                assert line.startswith(".alarm--")
