"""What every search index must do; runs on the fake and on tantivy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rongmei.archive.errors import (
    IndexBusy,
    IndexMissing,
    QueryError,
    SearchRequestInvalid,
)
from rongmei.archive.index import SearchIndex, batches
from rongmei.archive.index_fake import FakeIndex
from rongmei.archive.query import And, AnyOf, Everything, Field, Not, Or, Phrase, Word, parse
from rongmei.archive.tests.index_cases import (
    CASES,
    CENTRE,
    HQ,
    NOW,
    STATION,
    TEXTS,
    at,
    document,
)
from rongmei.archive.types import PUBLIC, Chosen, SearchRequest


def ids(index: SearchIndex, query="", **options) -> list[str]:
    options.setdefault("scope", None)
    request = SearchRequest(query=query, now=NOW, **options)
    result = index.reader().search(request)
    if not {"limit", "offset"} & options.keys():
        assert result.total == len(result.hits)
        assert index.reader().count(parse(query) if isinstance(query, str) else query, None) >= 0
    return [hit.id for hit in result.hits]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "123456"),
        ("特高压", "14"),
        ("特高壓", "14"),
        ("特高压 投运", "1"),
        ("特高压 AND 投运", "1"),
        ("特高压 或 度夏", "146"),
        ("特高压 | 揭牌", "124"),
        ("度夏", "16"),
        ("-特高压", "2356"),
        ("-特高压 -度夏", "235"),
        ("NOT 特高压", "2356"),
        ("电网 -广告", "4"),
        ("-(特高压 或 电网)", "256"),
        ("(特高压 或 保供) 电网", "34"),
        # Words are words: 和服 is not in 产品和服务; quoted it is just two characters in a row.
        ("和服", "6"),
        ('"和服"', "26"),
        # Terms of the trade, inside longer ones too.
        ("融媒体", "2"),
        ("融媒体中心", "2"),
        ("县级融媒体中心", "2"),
        ("大湾区", "2"),
        ("千伏", "1"),
        ("迎峰度夏", "1"),
        ("迎峰", "13"),
        # A name that no dictionary knows, and a sentence typed without spaces.
        ("李建业", "3"),
        ("李建", "3"),
        ("大湾区融媒体", "2"),
        ("特高压工程的故事", "4"),
        # Phrases: these characters in a row; marks and spaces between do not count.
        ('"部署电网保供"', "3"),
        ('"电网保供李建业"', "3"),
        ('"电网部署"', ""),
        ('"投运全力"', "1"),
        ('"电 网 保 供"', "3"),
        # A phrase reaches neither from the title into the body nor from the summary into it.
        ('"工程投运±800"', ""),
        ('"迎峰公司"', ""),
        ('"会议部署迎峰"', "3"),
        # Simplified and traditional, both ways.
        ("电网建设", "4"),
        ('"電網保供"', "3"),
        ("后来 干旱", "4"),
        # Width and case; Latin runs are whole words.
        ("ＰＯＷＥＲ", "5"),
        ("power grid", "5"),
        ("pow", ""),
        ('"data center opens"', ""),
        ('"opens data center"', "5"),
        ("covid-19", "5"),
        ("GPT-4.1", "5"),
        ("5G", "5"),
        ("800千伏", "1"),
        ("没有这样的词汇", ""),
        ("★", "123456"),
    ],
)
def test_text(filled, query, expected):
    assert "".join(sorted(found[1:] for found in ids(filled, query))) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("title:度夏", "6"),
        ("标题：工程", "14"),
        ('title:"特高压工程"', "1"),
        ('title:"工程特高压"', ""),
        ("title:电网保供", "3"),
        ("source:云岭日报", "16"),
        ("source:云岭", "126"),
        ('source:"云岭"', ""),
        ('source:"雲嶺日報"', "16"),
        ('source:"cloud ridge daily"', "5"),
        ("source:cloud", "5"),
        ("region:云岭", "1256"),
        ('region:"清川"', "3"),
        ("kind:story", "1245"),
        ("kind:Story lang:en", "5"),
        ("lang:zh -kind:story", "36"),
        (f"unit:{HQ}", "145"),
        ("channel:wechat", "3"),
        ("tag:电网", "13"),
        ("标签：工程", "1"),
        ("site:yunling.example", "13"),
        ("site:news.yunling.example", "1"),
        ("site:example", ""),
        ("family:f1", "12"),
        ("has:snapshot", "1"),
        ("带有:旧版", "2"),
        ("-has:image -has:versions", "3456"),
        ("visible:public", None),
        ("after:2026-06-15", "35"),
        ("after:2026-06-01 before:2026-06-02", "12"),
        ("date:2026-06-01", "12"),
        ("date:2026-06", "1235"),
        ("date:2025", "6"),
        ("before:2026", "6"),
        ("date:2026-05..2026-06-14", "124"),
        ("date:今天", "5"),
        ("date:昨天", ""),
        ("after:7d", "35"),
        ("date:6d", "35"),
        ("date:近3小时", "5"),
        ("date:本周", "35"),
        ("collected:2026-06", "1235"),
        ("collected:2026-06-02", "1"),
    ],
)
def test_fields(filled, query, expected):
    if expected is None:
        with pytest.raises(QueryError):
            ids(filled, query)
    else:
        assert "".join(sorted(found[1:] for found in ids(filled, query))) == expected


@pytest.mark.parametrize(
    "query",
    [
        Or((Not(Word("特高压")), Word("度夏"))),
        And((Not(Word("特高压")), Everything())),
        And((Word("★"), Word("电网"))),
        Not(Phrase("！")),
        Not(Not(Word("度夏"))),
        Field("kind", ""),
        Or((Field("title", "…"), Word("度夏"))),
        AnyOf("source_id", ("s1", "s4", "nothing")),
        AnyOf("tags", ("电网", "媒体")),
        AnyOf("source_id", ()),
        And((Word("电网"), Not(AnyOf("source_id", ("s3",))))),
    ],
)
def test_nodes_that_no_text_spells(filled, query):
    """Whatever is put together by hand means the same to every engine."""
    fake = FakeIndex()
    with fake.writer() as writer:
        writer.add(CASES)
        writer.commit(1)
    assert sorted(ids(filled, query)) == sorted(ids(fake, query))


def test_a_day_is_the_readers_day(filled):
    assert ids(filled, "date:2026-06-01", tz_offset=0, sort="newest") == ["d2", "d1"]
    assert ids(filled, "date:2026-06-14", tz_offset=0) == ["d3"]
    assert ids(filled, "date:2026-06-14") == []


def test_adding_again_replaces(filled):
    with filled.writer() as writer:
        writer.add([replace(CASES[0], title="换了标题", body="换了正文")])
        writer.add([document(7, "第一稿"), document(7, "第二稿")])
        writer.commit(9)
    assert ids(filled, "特高压") == ["d4"]
    assert ids(filled, "换了标题") == ["d1"]
    assert ids(filled, "第一稿") == []
    assert ids(filled, "第二稿") == ["d7"]
    assert filled.reader().info().documents == 7


def test_deleting(filled):
    with filled.writer() as writer:
        writer.delete(["d1", "unknown"])
        writer.add([document(8, "先写")])
        writer.delete(["d8"])
        writer.delete(["d2"])
        writer.add([CASES[1]])
        writer.commit(7)
    assert sorted(ids(filled)) == ["d2", "d3", "d4", "d5", "d6"]
    assert filled.reader().get("d1", None) is None


def test_nothing_is_seen_before_commit(index):
    with index.writer() as writer:
        reader = index.reader()
        writer.add(CASES)
        assert reader.count("", None) == 0
        writer.commit(6)
        assert reader.count("", None) == 6
        assert reader.search(SearchRequest(scope=None)).index_seq == 6


def test_rollback_forgets(filled):
    with filled.writer() as writer:
        writer.add([document(9, "撤回的稿件")])
        writer.delete(["d1"])
        writer.rollback()
        assert writer.committed_seq() == 6
        writer.add([document(10, "留下的稿件")])
        writer.commit(7)
    assert ids(filled, "title:稿件") == ["d10"]
    assert filled.reader().get("d1", None) is not None


def test_closing_forgets_what_was_not_committed(make):
    with make().writer() as writer:
        assert writer.committed_seq() == 0
        writer.add([document(1)])
        writer.commit(41)
        writer.add([document(2)])
    with make().writer() as writer:
        assert writer.committed_seq() == 41
        assert make().reader().info().committed_seq == 41
        assert ids(make()) == ["d1"]


def test_the_sequence_never_goes_back(filled):
    with filled.writer() as writer:
        with pytest.raises(ValueError):
            writer.commit(5)
        writer.commit(6)


def test_one_writer(make):
    with make().writer(), pytest.raises(IndexBusy):
        make().writer()
    make().writer().close()


def test_no_index_yet(index):
    with pytest.raises(IndexMissing):
        index.reader()


class TestWalk:
    """Taking out more than pages can hold."""

    def walk(self, index: SearchIndex, query: str, most: int, scope=None) -> tuple[int, list[str]]:
        request = SearchRequest(query=query, scope=scope, now=NOW, limit=1, offset=3)
        total, found = index.reader().walk(request, most)
        return total, list(found)

    def test_newest_first_whatever_pages_were_asked_for(self, filled):
        assert self.walk(filled, "", 100) == (6, ["d5", "d3", "d2", "d1", "d4", "d6"])

    def test_of_one_second_the_later_change_comes_first(self, index):
        with index.writer() as writer:
            writer.add(document(number) for number in (2, 3, 1))
            writer.commit(3)
        assert self.walk(index, "", 100) == (3, ["d3", "d2", "d1"])

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("电网", ["d3", "d4"]),
            ("特高压 -source:云岭日报", ["d4"]),
            ("date:今天", ["d5"]),
            ("没有这样的词汇", []),
        ],
    )
    def test_only_what_matches(self, filled, query, expected):
        assert self.walk(filled, query, 100) == (len(expected), expected)

    @pytest.mark.parametrize("most", [0, 1, 4, 6])
    def test_what_is_over_the_limit_is_counted_and_not_given(self, filled, most):
        total, found = self.walk(filled, "", most)
        assert (total, found) == (6, ["d5", "d3", "d2", "d1", "d4", "d6"][:most])

    def test_within_the_scope(self, index):
        with index.writer() as writer:
            writer.add([document(1, visible_to=(HQ,)), document(2, visible_to=(CENTRE,))])
            writer.add([document(3), document(4, visible_to=())])
            writer.commit(4)
        assert self.walk(index, "", 100, frozenset({HQ})) == (2, ["d3", "d1"])
        assert self.walk(index, "", 100, frozenset()) == (1, ["d3"])
        assert self.walk(index, "", 100) == (4, ["d4", "d3", "d2", "d1"])

    def test_what_is_committed_meanwhile_changes_nothing(self, filled):
        total, found = filled.reader().walk(SearchRequest(scope=None), 100)
        first = next(found)
        with filled.writer() as writer:
            writer.delete([case.id for case in CASES])
            writer.add([document(7)])
            writer.commit(9)
        assert [first, *found] == ["d5", "d3", "d2", "d1", "d4", "d6"]
        assert total == 6


class TestScope:
    @pytest.fixture
    def scoped(self, index):
        who = [(PUBLIC,), (HQ,), (CENTRE,), (HQ, STATION), ()]
        with index.writer() as writer:
            writer.add(
                document(
                    number,
                    "同一标题",
                    "同样的正文",
                    visible_to=seen,
                    tags=(f"标签{number}",),
                    source=f"来源{number}",
                    unit_id=HQ,
                    family_id="f",
                )
                for number, seen in enumerate(who)
            )
            writer.commit(1)
        return index

    @pytest.mark.parametrize(
        ("scope", "expected"),
        [
            (frozenset(), "0"),
            (frozenset({HQ}), "013"),
            (frozenset({CENTRE}), "02"),
            (frozenset({STATION, CENTRE}), "023"),
            (frozenset({"unknown"}), "0"),
            (frozenset({PUBLIC}), "0"),
            (frozenset({CENTRE, *(f"other-{n}" for n in range(200))}), "02"),
            (None, "01234"),
        ],
    )
    def test_never_leaks(self, scoped, scope, expected):
        reader = scoped.reader()
        seen = {f"d{number}" for number in expected}
        for query in (
            "", "同样", '"同一标题"', "-没有", "同样 或 -同样", f"unit:{HQ}", "source:来源",
            "date:2026-06-01", "同样 或 tag:标签1 或 tag:标签2",
        ):  # fmt: skip
            for sort in ("relevant", "newest"):
                result = reader.search(
                    SearchRequest(
                        query=query,
                        scope=scope,
                        sort=sort,
                        facets=("tags", "source", "family_id"),
                        histogram="day",
                    )
                )
                assert {hit.id for hit in result.hits} == seen, query
                assert result.total == len(seen)
                assert {tag for tag, _ in result.facets["tags"]} == {f"标签{n}" for n in expected}
                assert result.facets["family_id"] == (("f", len(seen)),)
                assert sum(count for _, count in result.histogram) == len(seen)
            assert reader.count(query, scope) == len(seen)
        for number in range(5):
            assert (reader.get(f"d{number}", scope) is not None) == (str(number) in expected)
        assert {text for text, _ in reader.suggest("来源", scope)} == {f"来源{n}" for n in expected}
        assert dict(reader.suggest("标题", scope)) == {"标题": len(seen)}

    def test_a_default_request_sees_public_documents_only(self, scoped):
        assert [hit.id for hit in scoped.reader().search(SearchRequest()).hits] == ["d0"]


class TestOrderAndPages:
    def test_the_title_weighs_more(self, index):
        with index.writer() as writer:
            writer.add(
                [
                    document(1, "无关的标题", "文中提到变电站一次，其余都是别的话。"),
                    document(2, "变电站投运", "文中说的都是别的话。"),
                    document(3, "无关的标题", "没有那个词。"),
                ]
            )
            writer.commit(1)
        result = index.reader().search(SearchRequest(query="变电站", scope=None))
        assert [hit.id for hit in result.hits] == ["d2", "d1"]
        assert result.hits[0].score > result.hits[1].score > 0

    def test_filters_do_not_change_the_score(self, filled):
        reader = filled.reader()

        def score(query, scope):
            found = reader.search(SearchRequest(query=query, scope=scope)).hits
            return next(hit.score for hit in found if hit.id == "d1")

        if isinstance(filled, FakeIndex):
            pytest.skip("the fake only counts")
        plain = score("特高压", None)
        assert score("特高压 kind:story date:2026 source:云岭", frozenset()) == pytest.approx(plain)

    def test_newest_first_then_the_higher_number(self, index):
        with index.writer() as writer:
            writer.add(document(n, published_at=at("2026-06-01T08:00")) for n in (2, 9, 4))
            writer.add([document(1, published_at=at("2026-06-01T08:01"))])
            writer.add([document(3, published_at=-5)])
            writer.commit(1)
        assert ids(index, sort="newest") == ["d1", "d9", "d4", "d2", "d3"]

    def test_pages_join_without_gap_or_double(self, index):
        with index.writer() as writer:
            for batch in batches((document(n, published_at=n // 3) for n in range(50)), 7):
                writer.add(batch)
                writer.commit(batch[-1].seq)
        whole = ids(index, sort="newest", limit=50)
        pages = [ids(index, sort="newest", limit=7, offset=start) for start in range(0, 56, 7)]
        assert whole == [f"d{n}" for n in range(49, -1, -1)]
        assert [found for page in pages for found in page] == whole
        beyond = index.reader().search(SearchRequest(scope=None, offset=500))
        assert (beyond.total, beyond.hits) == (50, ())

    def test_a_limit_of_nothing_still_counts(self, filled):
        result = filled.reader().search(SearchRequest(scope=None, limit=0, facets=("kind",)))
        assert (result.total, result.hits) == (6, ())
        assert result.facets["kind"] == (("story", 4), ("post", 2))

    @pytest.mark.parametrize(
        "wrong",
        [{"limit": 201}, {"limit": -1}, {"offset": 10_001}, {"facets": ("body",)},
         {"facet_values": 0}, {"tz_offset": 90_000}],
    )  # fmt: skip
    def test_bounds(self, wrong):
        with pytest.raises(SearchRequestInvalid):
            SearchRequest(**wrong)


class TestGrouping:
    def test_facets(self, filled):
        result = filled.reader().search(
            SearchRequest(
                query="云岭 或 电网 或 度夏",
                scope=None,
                now=NOW,
                facets=("source", "tags", "region", "language", "channel_class", "unit_id"),
            )
        )
        assert {hit.id for hit in result.hits} == {"d1", "d3", "d4", "d6"}
        assert result.facets["source"] == (("云岭日报", 2), ("港岛时报", 1), ("电力之声", 1))
        assert result.facets["tags"] == (("电网", 2), ("工程", 1))
        assert result.facets["unit_id"] == ((HQ, 2), (CENTRE, 1), (STATION, 1))

    def test_a_facet_that_narrows_goes_on_counting_what_was_not_chosen(self, filled):
        words, chosen = parse("云岭 或 电网 或 度夏"), Field("source", "港岛时报", exact=True)
        request = SearchRequest(
            query=And((words, chosen)), scope=None, facets=("source", "kind"), facet_values=1,
            chosen={"source": Chosen(("港岛时报",), words)},
        )  # fmt: skip
        result = filled.reader().search(request)
        assert {hit.id for hit in result.hits} == {"d4"}
        # One value was asked for; what was chosen comes with it, though others are more frequent.
        assert result.facets["source"] == (("云岭日报", 2), ("港岛时报", 1))
        assert result.facets["kind"] == (("story", 1),)

    def test_what_is_out_of_scope_is_not_counted_apart_either(self, index):
        with index.writer() as writer:
            writer.add([document(1, kind="a"), document(2, kind="b", visible_to=(HQ,))])
            writer.commit(1)
        chosen = {"kind": Chosen(("a",), Everything())}
        request = SearchRequest(query=Field("kind", "a"), facets=("kind",), chosen=chosen)
        assert index.reader().search(request).facets["kind"] == (("a", 1),)

    def test_the_most_frequent_values_only(self, index):
        with index.writer() as writer:
            writer.add(document(n, kind=f"k{n % 9}") for n in range(30))
            writer.commit(1)
        result = index.reader().search(SearchRequest(scope=None, facets=("kind",), facet_values=4))
        assert result.facets["kind"] == (("k0", 4), ("k1", 4), ("k2", 4), ("k3", 3))

    @pytest.mark.parametrize(
        ("interval", "tz_offset", "expected"),
        [
            ("day", 28_800, {"2025-12-31": 1, "2026-05-20": 1, "2026-06-01": 2, "2026-06-15": 1,
                             "2026-06-20": 1}),
            ("week", 28_800, {"2025-12-29": 1, "2026-05-18": 1, "2026-06-01": 2, "2026-06-15": 2}),
            ("month", 28_800, {"2025-12-01": 1, "2026-05-01": 1, "2026-06-01": 4}),
            ("day", 0, {"2025-12-31T08:00": 1, "2026-05-20T08:00": 1, "2026-06-01T08:00": 2,
                        "2026-06-14T08:00": 1, "2026-06-20T08:00": 1}),
            ("hour", 28_800, {"2025-12-31T23:00": 1, "2026-05-20T10:00": 1, "2026-06-01T08:00": 1,
                              "2026-06-01T23:00": 1, "2026-06-15T00:00": 1, "2026-06-20T09:00": 1}),
            ("day", -12_600, {"2025-12-31T11:30": 1, "2026-05-19T11:30": 1, "2026-05-31T11:30": 1,
                              "2026-06-01T11:30": 1, "2026-06-14T11:30": 1, "2026-06-19T11:30": 1}),
        ],
    )  # fmt: skip
    def test_histogram_in_the_readers_time(self, filled, interval, tz_offset, expected):
        request = SearchRequest(scope=None, histogram=interval, tz_offset=tz_offset)
        wanted = tuple((at(start), count) for start, count in expected.items())
        assert filled.reader().search(request).histogram == wanted

    def test_nothing_found(self, filled):
        request = SearchRequest(
            query="没有这样的词汇", scope=None, facets=("kind",), histogram="day"
        )
        result = filled.reader().search(request)
        assert (result.total, result.facets, result.histogram) == (0, {"kind": ()}, ())


def test_suggestions(filled):
    reader = filled.reader()
    assert reader.suggest("云岭", None) == (("云岭", 4), ("云岭日报", 2), ("云岭晚报", 1))
    assert reader.suggest("雲嶺日", None) == (("云岭日报", 2),)
    assert reader.suggest("cloud", None) == (("Cloud Ridge Daily", 1),)
    assert reader.suggest("特", None)[0] == ("特高压", 2)
    assert reader.suggest("", None) == reader.suggest("无此", None) == ()
    assert len(reader.suggest("云", None, limit=1)) == 1


def test_every_id_is_listed_once(filled):
    assert sorted(filled.reader().ids()) == sorted(one.id for one in CASES)


def test_a_hit_carries_what_a_list_shows(filled):
    hit = filled.reader().get("d1", None)
    case = CASES[0]
    for name in ("id", "published_at", "source", "source_id", "unit_id", "kind", "region",
                 "language", "channel_class", "tags", "family_id"):  # fmt: skip
        assert getattr(hit, name) == getattr(case, name)
    assert filled.reader().get("d5", None).family_id is None
    assert filled.reader().get("_meta", None) is None


def test_highlights_come_from_the_text_given(filled):
    asked = []

    def texts(wanted):
        asked.extend(wanted)
        return {found: TEXTS[found] for found in wanted if found != "d1"}

    request = SearchRequest(query="特高压", scope=None, highlight=True)
    hits = {hit.id: hit for hit in filled.reader().search(request, texts).hits}
    assert sorted(asked) == ["d1", "d4"]
    assert hits["d4"].title_html == "<mark>特高壓</mark>輸電工程的故事"
    assert hits["d1"].title_html == ""
    assert not filled.reader().search(replace(request, highlight=False), texts).hits[0].title_html
