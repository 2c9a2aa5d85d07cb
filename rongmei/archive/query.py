"""The query language people type into the search box, and what it means.

    特高压 "迎峰度夏" 来源：云岭日报 -广告 after:2026-06-01 (直播 或 短视频)

Words side by side must all be found. `OR`, 或 and | join alternatives; parentheses group; a minus
excludes; quotes ask for exactly these characters in a row; `field:value` narrows. Punctuation may
be full width. `parse` turns the text into frozen nodes, `to_string` writes them back so that
`parse(to_string(node)) == node`, `describe` says them in a sentence, `rewrite` replaces parts (a
unit's name by its id). What a node matches is decided by `analysis`, the same for every engine.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from rongmei.archive import dates
from rongmei.archive.analysis import fold, is_searchable
from rongmei.archive.errors import QueryError

MAX_LENGTH = 2_000
MAX_TERMS = 100
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Everything:
    """No condition at all: the empty query."""


@dataclass(frozen=True, slots=True)
class Word:
    """Text typed without quotes; all its pieces must be found, see `analysis.Analyser.pieces`."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Text typed in quotes: its units one after the other."""

    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A condition on one field. `name` is a key of FIELDS.

    title: like Word, or like Phrase if `exact`. source, region: the name contains the value, or
    equals it if `exact`. site: the host or a parent domain of it. Others: equals. Case, width and
    traditional or simplified writing never matter.
    """

    name: str
    value: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these values of a field, exactly. `rewrite` puts it where a name stands for many ids."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class When:
    """A condition on time. `name` is a key of DATE_FIELDS, `value` a canonical text of `dates`.

    after: published at the start of `value` or later. before: published before it starts. date:
    published within it. collected: fetched within it.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """What must not match."""

    child: Query


@dataclass(frozen=True, slots=True)
class And:
    """At least two conditions that must all hold."""

    children: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least two conditions of which one must hold."""

    children: tuple[Query, ...]


Query: TypeAlias = Everything | Word | Phrase | Field | AnyOf | When | Not | And | Or

# Canonical name → the names that may be typed.
FIELDS: dict[str, tuple[str, ...]] = {
    "title": ("title", "标题"),
    "source": ("source", "来源", "信源"),
    "region": ("region", "地区", "地域"),
    "kind": ("kind", "类型"),
    "unit": ("unit", "单位"),
    "lang": ("lang", "language", "语言"),
    "channel": ("channel", "渠道", "class", "类别"),
    "tag": ("tag", "标签"),
    "site": ("site", "网站"),
    "family": ("family", "转载族"),
    "tier": ("tier", "层级"),
    "group": ("group", "分组"),
    "has": ("has", "带有"),
}
# What a document can have, and how people say it.
HAS: dict[str, tuple[str, ...]] = {
    "snapshot": ("snapshot", "快照"),
    "image": ("image", "图片", "配图"),
    "versions": ("versions", "旧版", "改动"),
}
DATE_FIELDS: dict[str, tuple[str, ...]] = {
    "after": ("after", "since", "起始"),
    "before": ("before", "until", "截止"),
    "date": ("date", "日期"),
    "collected": ("collected", "采集"),
}
_CANONICAL = {
    alias: name
    for table in (FIELDS, DATE_FIELDS)
    for name, names in table.items()
    for alias in names
}

_OR = frozenset({"OR", "或", "或者"})
_AND = frozenset({"AND", "且", "并且"})
_NOT = frozenset({"NOT", "不含"})
_MINUS = "-－−"
_OPEN, _CLOSE, _BAR = "(（", ")）", "|｜"
_QUOTES = {
    '"': '"＂', "＂": '"＂', "“": "”“", "”": "”“", "„": "”“",
    "「": "」", "『": "』",
}  # fmt: skip
_ANY_QUOTE = '"＂“”„'
_STOPS = frozenset(_OPEN + _CLOSE + _BAR + "".join(_QUOTES) + "」』")
_FIELD_START = re.compile(r"([A-Za-z_]{2,}|[一-鿿]{2,3})[:：]")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # term, open, close, or, and, not, end
    position: int
    node: Query | None = None
    text: str = ""


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.terms = 0

    def tokens(self) -> Iterator[_Token]:
        while True:
            self._skip_space()
            if self.at >= len(self.text):
                yield _Token("end", len(self.text))
                return
            token = self._next()
            if token is None:
                continue
            if token.kind == "term":
                self.terms += 1
                if self.terms > MAX_TERMS:
                    raise QueryError(
                        token.position,
                        _("检索条件超过 %(most)d 个。") % {"most": MAX_TERMS},
                        _("请减少条件，或分几次检索。"),
                    )
            yield token

    def _skip_space(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _next(self) -> _Token | None:
        start, character = self.at, self.text[self.at]
        marks = {**dict.fromkeys(_OPEN, "open"), **dict.fromkeys(_CLOSE, "close")}
        marks.update(dict.fromkeys(_BAR, "or"))
        if kind := marks.get(character):
            self.at += 1
            return _Token(kind, start, text=character)
        if character in _MINUS:
            return self._minus(start)
        if character in _QUOTES:
            return _Token("term", start, Phrase(self._quoted()))
        if character in "」』":
            self.at += 1
            return None
        if field := _FIELD_START.match(self.text, start):
            if name := _CANONICAL.get(field[1].lower()):
                return self._field(start, name, field.end())
            self._refuse_unknown(start, field)
        return self._bare(start)

    def _minus(self, start: int) -> _Token:
        self.at += 1
        following = self.text[self.at : self.at + 1]
        if not following or following.isspace() or following in _CLOSE:
            raise QueryError(
                start,
                _("减号后面没有要排除的词。"),
                _("要排除某词，减号与词之间不留空格，如 -广告；要检索横线本身，请加引号。"),
            )
        return _Token("not", start, text=self.text[start])

    def _quoted(self) -> str:
        start = self.at
        end = self._closing(start + 1, _QUOTES[self.text[start]])
        if end < 0 and self.text[start] in _ANY_QUOTE:
            end = self._closing(start + 1, _ANY_QUOTE)
        if end < 0:
            raise QueryError(
                start, _("引号没有闭合。"), _("请在短语末尾补上引号，或去掉这个引号。")
            )
        self.at = end + 1
        inner = re.sub(r"\\(.)", r"\1", self.text[start + 1 : end], flags=re.DOTALL).strip()
        if not is_searchable(inner):
            raise QueryError(
                start, _("引号里没有可以检索的文字。"), _("请在引号里写上要找的词，或去掉引号。")
            )
        return inner

    def _closing(self, at: int, closers: str) -> int:
        while at < len(self.text):
            if self.text[at] == "\\":
                at += 1
            elif self.text[at] in closers:
                return at
            at += 1
        return -1

    def _field(self, start: int, name: str, value_at: int) -> _Token:
        self.at = value_at
        self._skip_space()
        typed = self.text[start : value_at - 1]
        if self.text[self.at : self.at + 1] in tuple(_OPEN):
            raise QueryError(
                self.at,
                _("冒号后面不能直接写括号。"),
                _("请把条件写在括号里，如 (%(field)s:甲 或 %(field)s:乙)。") % {"field": typed},
            )
        exact = self.text[self.at : self.at + 1] in tuple(_QUOTES)
        position = self.at
        value = self._quoted() if exact else self._run()
        if not is_searchable(value):
            raise QueryError(
                position,
                _("“%(field)s:”后面没有内容。") % {"field": typed},
                _("请在冒号后面写上内容，如 %(example)s。") % {"example": _example(name, typed)},
            )
        if name == "has":
            return _Token("term", start, Field(name, _feature(value, position)))
        if name == "tier" and not value.isdecimal():
            raise QueryError(
                position,
                _("层级是一个数字，“%(value)s”不是。") % {"value": value},
                _("请写成 %(field)s:1 这样。") % {"field": typed},
            )
        if name not in DATE_FIELDS:
            return _Token("term", start, Field(name, value, exact))
        canonical = dates.canonical(value)
        if canonical is None:
            raise QueryError(
                position,
                _("“%(value)s”不是可以识别的日期。") % {"value": value},
                _("请写成 2026-06-01、2026-06、2026、今天、昨天、本周、本月或 7d（近 7 天）。"),
            )
        return _Token("term", start, When(name, canonical))

    def _refuse_unknown(self, start: int, field: re.Match[str]) -> None:
        """An English name that is no field is a slip; Chinese before a colon is a headline."""
        rest = self.text[field.end() : field.end() + 2]
        ends_here = not rest or rest[0].isspace() or rest[0] in _CLOSE + _BAR
        if not field[1].isascii() or rest == "//" or ends_here:
            return
        close = difflib.get_close_matches(field[1].lower(), _CANONICAL, n=1)
        if close:
            suggestion = _("是不是想写 %(name)s:？") % {"name": close[0]}
        else:
            suggestion = _("可用的条件有 %(names)s。") % {
                "names": "、".join([*FIELDS, *DATE_FIELDS])
            }
        raise QueryError(
            start,
            _("没有“%(name)s”这个检索条件。") % {"name": field[1]},
            suggestion + _("要检索这串文字本身，请加引号。"),
        )

    def _run(self) -> str:
        start = self.at
        while self.at < len(self.text) and not (
            self.text[self.at].isspace() or self.text[self.at] in _STOPS
        ):
            self.at += 1
        return self.text[start : self.at]

    def _bare(self, start: int) -> _Token | None:
        text = self._run()
        for kind, words in (("or", _OR), ("and", _AND), ("not", _NOT)):
            if text in words:
                return _Token(kind, start, text=text)
        return _Token("term", start, Word(text)) if is_searchable(text) else None


def _example(name: str, typed: str) -> str:
    known = {
        "lang": "en", "kind": "story", "site": "example.com", "tier": "1", "has": "snapshot" if typed.isascii() else "快照",
    }  # fmt: skip
    return f"{typed}:" + known.get(name, "2026-06-01" if name in DATE_FIELDS else "云岭")


def _feature(value: str, position: int) -> str:
    """The canonical name of what a document is to have."""
    said = fold(value).strip()
    for name, names in HAS.items():
        if said in names:
            return name
    raise QueryError(
        position,
        _("“%(value)s”不能这样问。") % {"value": value},
        _("可以写 %(choices)s。")
        % {"choices": "、".join("/".join(names) for names in HAS.values())},
    )


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_Lexer(text).tokens())
        self._at = 0
        self._depth = 0

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def parse(self) -> Query:
        if self._token.kind == "end":
            return Everything()
        node = self._either()
        if self._token.kind == "close":
            raise QueryError(
                self._token.position, _("多了一个右括号。"), _("请删去它，或在前面补上左括号。")
            )
        return node

    def _either(self) -> Query:
        children = [self._all()]
        while self._token.kind == "or":
            self._at += 1
            children.append(self._all())
        return _join(Or, children)

    def _all(self) -> Query:
        children = [self._one()]
        while self._token.kind in {"and", "not", "open", "term"}:
            if self._token.kind == "and":
                self._at += 1
            children.append(self._one())
        return _join(And, children)

    def _one(self) -> Query:
        token = self._token
        if token.kind in {"end", "or", "and", "close"}:
            raise self._missing(token)
        self._at += 1
        if token.node is not None:
            return token.node
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(
                token.position,
                _("括号或减号套了 %(most)d 层以上。") % {"most": MAX_DEPTH},
                _("请去掉多余的括号。"),
            )
        node = self._excluded() if token.kind == "not" else self._group(token)
        self._depth -= 1
        return node

    def _excluded(self) -> Query:
        child = self._one()
        return child.child if isinstance(child, Not) else Not(child)

    def _group(self, opening: _Token) -> Query:
        if self._token.kind == "close":
            raise QueryError(
                opening.position, _("括号里是空的。"), _("请在括号里写上条件，或去掉括号。")
            )
        node = self._either()
        if self._token.kind != "close":
            raise QueryError(
                opening.position, _("左括号没有对应的右括号。"), _("请在后面补上右括号，或去掉它。")
            )
        self._at += 1
        return node

    def _missing(self, token: _Token) -> QueryError:
        before = self._tokens[self._at - 1] if self._at else None
        if before is not None and before.kind in {"or", "and", "not"}:
            problem = _("“%(word)s”后面缺少检索词。") % {"word": before.text}
            position = before.position
        else:
            problem = _("“%(word)s”前面缺少检索词。") % {"word": token.text}
            position = token.position
        return QueryError(position, problem, _("请补上检索词；要检索这个字本身，请加引号。"))


def _join(kind: type[And] | type[Or], children: list[Query]) -> Query:
    if len(children) == 1:
        return children[0]
    flat: list[Query] = []
    for child in children:
        flat.extend(child.children if isinstance(child, kind) else (child,))
    return kind(tuple(flat))


def parse(text: str) -> Query:
    """The meaning of a typed query; `QueryError` (400) where it has none."""
    if len(text) > MAX_LENGTH:
        raise QueryError(
            MAX_LENGTH,
            _("检索式超过 %(most)d 个字。") % {"most": MAX_LENGTH},
            _("请只保留关键的词。"),
        )
    return _Parser(text).parse()


def to_string(query: Query) -> str:
    """The query in its canonical spelling, in field names and operators that stay stable."""
    match query:
        case Everything():
            return ""
        case Word(text):
            return text
        case Phrase(text):
            return _quote(text)
        case Field(name, value, exact):
            return f"{name}:{_quote(value) if exact else value}"
        case AnyOf(name, values):
            # For people who look for what went wrong: ids are not typed.
            return f"{name}:{_quote('|'.join(values))}"
        case When(name, value):
            return f"{name}:{value}"
        case Not(child):
            return "-" + _grouped(child, And, Or)
        case And(children):
            return " ".join(_grouped(child, Or) for child in children)
        case Or(children):
            return " OR ".join(_grouped(child, And) for child in children)


def _quote(text: str) -> str:
    return '"' + re.sub(r'(["＂\\])', r"\\\1", text) + '"'


def _grouped(query: Query, *kinds: type) -> str:
    text = to_string(query)
    return f"({text})" if isinstance(query, kinds) else text


def rewrite(query: Query, replace: Callable[[Field], Query]) -> Query:
    """The query with every field condition replaced, e.g. unit names by ids."""
    match query:
        case Field():
            return replace(query)
        case Not(child):
            return Not(rewrite(child, replace))
        case And(children):
            return _join(And, [rewrite(child, replace) for child in children])
        case Or(children):
            return _join(Or, [rewrite(child, replace) for child in children])
        case _:
            return query


def searched_texts(query: Query) -> tuple[Word | Phrase, ...]:
    """What the query looks for in the text itself, without what it excludes; for highlighting."""
    match query:
        case Word() | Phrase():
            return (query,)
        case Field("title", value, exact):
            return (Phrase(value) if exact else Word(value),)
        case And(children) | Or(children):
            return tuple(dict.fromkeys(t for child in children for t in searched_texts(child)))
        case _:
            return ()


def tokens(text: str) -> list[_Token]:
    """What was typed in pieces, each with its place; for changing it without writing it anew."""
    return list(_Lexer(text).tokens())


def describe(query: Query) -> str:
    """The query as a sentence in the reader's language."""
    match query:
        case Everything():
            return _("全部文献")
        case Word(text):
            return _("含有 %(text)s") % {"text": text}
        case Phrase(text):
            return _("含有“%(text)s”这一原文") % {"text": text}
        case Field() | AnyOf():
            return _describe_field(query)
        case When(name, value):
            is_span = name == "after" and dates.is_rolling(value)
            return _when_sentence("date" if is_span else name) % {"value": dates.describe(value)}
        case Not(Word(text) | Phrase(text)):
            return _("不含“%(text)s”") % {"text": text}
        case Not(child):
            return _("排除（%(condition)s）") % {"condition": describe(child)}
        case And(children):
            return _("，并且").join(_grouped_sentence(child, Or) for child in children)
        case Or(children):
            return _("，或者").join(_grouped_sentence(child, And) for child in children)


def _grouped_sentence(query: Query, kind: type) -> str:
    sentence = describe(query)
    return _("（%(condition)s）") % {"condition": sentence} if isinstance(query, kind) else sentence


def _describe_field(field: Field | AnyOf) -> str:
    if isinstance(field, AnyOf):
        return _("为 %(count)d 个值之一") % {"count": len(field.values)}
    if field.name == "has":
        features = {
            "snapshot": pgettext("query", "原始快照"),
            "image": pgettext("query", "图片"),
            "versions": pgettext("query", "旧版"),
        }
        return _("有%(what)s") % {"what": features.get(field.value, field.value)}
    names = {
        "title": _("标题"),
        "source": _("来源"),
        "region": _("地区"),
        "kind": _("类型"),
        "unit": _("单位"),
        "lang": _("语言"),
        "channel": _("渠道"),
        "tag": _("标签"),
        "site": _("网站"),
        "family": _("转载族"),
        "tier": pgettext("query", "层级"),
        "group": pgettext("query", "分组"),
    }
    contains = field.name == "title" or (field.name in {"source", "region"} and not field.exact)
    sentence = _("%(field)s含“%(value)s”") if contains else _("%(field)s为“%(value)s”")
    return sentence % {"field": names[field.name], "value": field.value}


def _when_sentence(name: str) -> str:
    return {
        "after": _("%(value)s起发布"),
        "before": _("早于%(value)s发布"),
        "date": _("%(value)s发布"),
        "collected": _("%(value)s采集"),
    }[name]
