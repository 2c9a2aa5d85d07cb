"""What one node takes out, another takes in: the same documents, found by the same searches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from rongmei.archive import importing, selectors, verifying
from rongmei.archive.models import Change, Document
from rongmei.archive.tests.stock import NASTY, keep_nasty
from rongmei.kernel import db

SEARCHES = [
    "", "台风", "特高压", "特高壓", '"迎峰度夏"', "region:云岭", 'region:"香港 & 九龙"', "lang:en", "channel:local",
    "tag:台风", 'tag:"a,b"', 'tag:"c;d"', 'tag:"<i>签</i>"', "source:甲报", 'source:"源 <甲> & 乙"', "一字不差",
    "title:平常", "site:c.example", "date:2026-06-01", "after:2026-06-01 -台风", "摘要", "(英文 或 Power) restored",
    "𠮷野家", "script", "cmd",
]  # fmt: skip
# What a file brings over; the rest (id, unit, kind, time of collection) belongs to the node.
KEPT = (
    "title", "summary", "body", "source_name", "origin", "media_class", "region", "language", "url",
    "authors", "tags", "image_url", "published_at",
)  # fmt: skip


def facts() -> list[dict[str, Any]]:
    rows = [{name: getattr(one, name) for name in KEPT} for one in Document.objects.all()]
    return sorted(rows, key=lambda row: (row["title"], row["source_name"]))


def answers() -> dict[str, list[tuple[str, str]]]:
    found = {}
    for query in SEARCHES:
        page = selectors.find_everything(query, limit=200)
        found[query] = [(one.document.title, one.document.source_name) for one in page.hits]
    return found


def empty(own_index) -> None:
    with db.write():
        gone = list(Document.objects.values_list("pk", flat=True))
        Document.objects.all().delete()
        Change.objects.bulk_create(Change(document_id=one, deleted=True) for one in gone)
    own_index()


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["jsonl", "ninjs"])
def test_a_second_node_finds_the_same(cast, own_index, tmp_path, form):
    keep_nasty(cast)
    own_index()
    before, found = facts(), answers()
    assert sum(bool(rows) for rows in found.values()) > 20
    out = tmp_path / f"all.{form}"
    call_command("export", "--format", form, "--out", str(out), "--json", stdout=StringIO())
    empty(own_index)
    assert not any(answers().values())
    done = importing.file_import(out, unit_code="yunling")
    own_index()
    assert done.new == len(NASTY)
    assert not done.remarks
    for was, now in zip(before, facts(), strict=True):
        assert now == was
    assert answers() == found
    again = importing.file_import(out, unit_code="yunling")
    assert (again.new, again.known + again.same) == (0, len(NASTY))
    assert verifying.verify().ok


@pytest.mark.django_db
def test_a_table_comes_back_too(cast, own_index, tmp_path):
    """But for tags and names that hold the very marks that part them in a cell."""
    keep_nasty(cast)
    own_index()
    before = facts()
    out = tmp_path / "all.csv"
    call_command("export", "--format", "csv", "--out", str(out), "--json", stdout=StringIO())
    empty(own_index)
    importing.file_import(out, unit_code="yunling")
    for was, now in zip(before, facts(), strict=True):
        for name in set(KEPT) - {"tags", "authors"}:
            assert now[name] == was[name], name


@pytest.mark.django_db
def test_a_file_too_large_for_a_reader_comes_in_parts(cast, own_index, tmp_path, monkeypatch):
    keep_nasty(cast)
    own_index()
    out = tmp_path / "all.jsonl"
    call_command("export", "--out", str(out), "--json", stdout=StringIO())
    empty(own_index)
    monkeypatch.setattr(importing, "MAX_FILE", 1_000)
    monkeypatch.setattr(importing, "PART", 2_000)
    assert len(list(importing.parts_of(out))) > 2
    assert importing.file_import(out, unit_code="yunling").new == len(NASTY)


@pytest.mark.django_db
def test_what_cannot_be_read_is_said(cast, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"\x00\x01\x02 nothing")
    with pytest.raises(CommandError, match="不会重复"):
        call_command("import", str(bad), "--unit", "hq")
    with pytest.raises(CommandError, match="没有单位"):
        call_command("import", str(bad), "--unit", "nowhere")
    assert not Document.objects.exists()


def command(home: Path, *words: str) -> str:
    """Run a command on a node that is a home of its own, in a process of its own."""
    kept = {
        name: value for name, value in os.environ.items()
        if not name.startswith(("RONGMEI_", "DJANGO_", "DATABASE_URL"))
    }  # fmt: skip
    if "RONGMEI_CACHE" in os.environ:
        kept["RONGMEI_CACHE"] = os.environ["RONGMEI_CACHE"]
    done = subprocess.run(
        [sys.executable, "-m", "rongmei", "--home", str(home), *words],
        env=kept, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.django_db
def test_from_one_home_to_another(cast, own_index, tmp_path):
    """Two real nodes, each with its own database and index, joined by nothing but a file."""
    keep_nasty(cast)
    own_index()
    seed = tmp_path / "seed.jsonl"
    call_command("export", "--out", str(seed), "--json", stdout=StringIO())
    homes = []
    for name in ("one", "two"):
        home = tmp_path / name
        command(home, "init", "--slug", name, "--unit", "hq", "--json")
        homes.append(home)
    one, two = homes
    command(one, "import", str(seed), "--unit", "hq", "--json")
    command(one, "archive", "rebuild", "--json")
    for form in ("ninjs", "jsonl"):
        command(one, "export", "--format", form, "--out", str(tmp_path / form), "--json")
        said = json.loads(command(two, "import", str(tmp_path / form), "--unit", "hq", "--json"))
        assert said["new"] == (len(NASTY) if form == "ninjs" else 0)
    command(two, "archive", "rebuild", "--json")
    for query in ("特高壓", "tag:台风", "channel:local -台风", ""):
        words = ("search", query, "--limit", "200", "--json")
        left, right = (
            sorted(
                (row["title"], row["source"], row["published_at"], row["url"])
                for row in map(json.loads, command(home, *words).splitlines())
            )
            for home in homes
        )
        assert left == right
