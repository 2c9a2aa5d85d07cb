"""PDFs: made apart, from nothing but what was given, and never for ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rongmei.kernel import paper, paper_child
from tests.pdf_text import text_of

ENDLESS = "<p>云岭抢修队连夜出发。</p>" * 60_000


def page(body: str) -> str:
    return f"<html lang=zh><style>{paper.css('ui/paper.css')}</style><body>{body}</body></html>"


def test_each_page_becomes_a_pdf_that_says_its_words():
    made = paper.pdfs([page("<h1>审稿单</h1><p>云岭 2026 年第 48 号</p>"), page("<p>江川</p>")])
    assert [text_of(one) for one in made] == ["审稿单云岭2026年第48号1/1", "江川1/1"]


def test_a_page_cannot_read_a_file_or_an_address(tmp_path):
    secret = tmp_path / "secret.css"
    secret.write_text("p::after { content: '密钥' }")
    for link in (f"file://{secret}", str(secret), "http://127.0.0.1:9/a.css"):
        made = paper.pdf(page(f'<link rel="stylesheet" href="{link}"><p>正文</p>'))
        assert text_of(made) == "正文1/1"


def test_a_page_that_takes_too_long_is_given_up():
    with pytest.raises(paper.PaperTooBig):
        paper.pdf(page(ENDLESS), seconds=1.2)
    assert text_of(paper.pdf(page("<p>后来的照样能打</p>"))).startswith("后来")


def test_too_much_is_refused_before_anything_is_started(monkeypatch):
    monkeypatch.setattr(paper, "MOST_HTML", 100)
    monkeypatch.setattr(subprocess, "run", lambda *_a, **_k: pytest.fail("started"))
    with pytest.raises(paper.PaperTooBig):
        paper.pdf(page("<p>长</p>"))
    with pytest.raises(paper.PaperTooBig):
        paper.pdfs(["<p>多</p>"] * (paper.MOST_PAGES + 1))


@pytest.mark.parametrize(
    ("status", "error"),
    [(paper_child.MISSING, paper.PaperMissing), (paper_child.TOO_BIG, paper.PaperTooBig), (1, paper.PaperError)],
)  # fmt: skip
def test_what_went_wrong_is_said_in_words(monkeypatch, status, error):
    ended = subprocess.CompletedProcess([], status, b"", b"")
    monkeypatch.setattr(subprocess, "run", lambda *_a, **_k: ended)
    with pytest.raises(error) as said:
        paper.pdf("<p>稿</p>")
    assert "没有改动" in str(said.value)


def test_a_process_that_never_prints_never_loads_the_typesetter():
    asked = "import sys, rongmei.kernel.paper; print('weasyprint' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert answer.stdout.strip() == b"False"


def test_a_turn_is_given_back_after_every_failure(monkeypatch):
    ended = subprocess.CompletedProcess([], 1, b"", b"")
    monkeypatch.setattr(subprocess, "run", lambda *_a, **_k: ended)
    for _ in range(paper.AT_ONCE + 2):
        with pytest.raises(paper.PaperError) as said:
            paper.pdf("<p>稿</p>")
        assert not isinstance(said.value, paper.PaperBusy)
