"""Influence indices as pure, versioned functions. ln is the natural logarithm throughout.

They are computed from published arithmetic and named "compatible": they are no scores of the firms
that invented them. A score is only comparable with scores of the same `version`; missing inputs are
missing (None), never 0. Sources: the WCI V14.2 text in both variants in circulation (F weighs
forwards, N does not); BCI and DCI as found in public code; BVCI V2.0 as published at
gsdata.cn/site/usage-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from typing import Final


@dataclass(frozen=True)
class Score:
    """An index with the formula that made it. `confirmed` is False where no first-party text was found."""

    value: float
    version: str
    confirmed: bool = True


@dataclass(frozen=True)
class WciInput:
    """A WeChat account over `days` days with `articles` articles; `top_*` are the headlines' sums and
    `max_*` the largest value of each metric over all articles (not necessarily the same article)."""

    days: int
    articles: int
    reads: float
    looks: float
    likes: float
    forwards: float
    top_reads: float
    top_looks: float
    top_likes: float
    top_forwards: float
    max_reads: float
    max_looks: float
    max_likes: float
    max_forwards: float


Weights = tuple[float, float, float, float]
WCI_F: Final[Weights] = (0.70, 0.09, 0.06, 0.15)
WCI_N: Final[Weights] = (0.85, 0.09, 0.06, 0.0)


def _wci_part(weights: Weights, reads: float, looks: float, likes: float, forwards: float) -> float:
    a, b, c, g = weights
    return (
        a * log(reads + 1)
        + b * log(10 * looks + 1)
        + c * log(10 * likes + 1)
        + g * log(10 * forwards + 1)
    )


def _wci(held: WciInput, weights: Weights) -> float:
    d, n = held.days, held.articles
    if d < 1 or n < 1:
        raise ValueError("WCI needs at least one day and one article")
    overall = _wci_part(weights, held.reads / d, held.looks / d, held.likes / d, held.forwards / d)
    average = _wci_part(weights, held.reads / n, held.looks / n, held.likes / n, held.forwards / n)
    headline = _wci_part(
        weights, held.top_reads / d, held.top_looks / d, held.top_likes / d, held.top_forwards / d
    )
    peak = _wci_part(weights, held.max_reads, held.max_looks, held.max_likes, held.max_forwards)
    return float((0.6 * overall + 0.2 * average + 0.1 * headline + 0.1 * peak) ** 2 * 1.2 * 10)


def wci_f(held: WciInput) -> Score:
    """WCI-compatible, V14.2 formula with forwards."""
    return Score(_wci(held, WCI_F), "wci-14.2-f")


def wci_n(held: WciInput) -> Score:
    """WCI-compatible, V14.2 formula without forwards."""
    return Score(_wci(held, WCI_N), "wci-14.2-n")


@dataclass(frozen=True)
class BciInput:
    """A Weibo account: posts, originals, and what both and the originals alone drew."""

    posts: float
    originals: float
    reposts: float
    comments: float
    original_reposts: float
    original_comments: float
    likes: float


def bci(held: BciInput) -> Score:
    """BCI-compatible, full form."""
    w1 = 0.30 * log(held.posts + 1) + 0.70 * log(held.originals + 1)
    w2 = (
        0.20 * log(held.reposts + 1)
        + 0.20 * log(held.comments + 1)
        + 0.25 * log(held.original_reposts + 1)
        + 0.25 * log(held.original_comments + 1)
        + 0.10 * log(held.likes + 1)
    )
    return Score((0.20 * w1 + 0.80 * w2) * 160, "bci-1", confirmed=False)


def bci_simple(*, posts: float, reposts: float, comments: float, likes: float) -> Score:
    """BCI-compatible, simplified form for when originals cannot be told apart."""
    w1 = log(posts + 1)
    w2 = 0.4 * log(reposts + 1) + 0.4 * log(comments + 1) + 0.2 * log(likes + 1)
    return Score((0.20 * w1 + 0.80 * w2) * 160, "bci-simple-1")


@dataclass(frozen=True)
class DciInput:
    """A Douyin account: new works and what they drew; a loss of followers counts as 0."""

    works: float
    likes: float
    comments: float
    shares: float
    new_followers: float
    followers: float


def dci(held: DciInput) -> Score:
    """DCI-compatible; the bracketing is inferred and not confirmed by a first-party text."""
    spread = (
        0.17 * log(held.likes + 1) + 0.37 * log(held.comments + 1) + 0.46 * log(held.shares + 1)
    )
    fans = 0.11 * log(max(held.new_followers, 0) + 1) + 0.89 * log(held.followers + 1)
    value = 100 * (0.10 * log(held.works + 1) + 0.76 * spread + 0.14 * fans)
    return Score(value, "dci-1", confirmed=False)


@dataclass(frozen=True)
class BvciInput:
    """A Bilibili account; plays and comments are per day."""

    videos: float
    plays_a_day: float
    comments_a_day: float
    followers: float
    new_followers: float


def bvci(held: BvciInput) -> Score:
    """BVCI-compatible, V2.0 formula."""
    value = 100 * (
        0.15 * log(held.videos + 1)
        + 0.25 * log(held.plays_a_day + 1)
        + 0.30 * log(held.comments_a_day + 1)
        + 0.18 * log(held.followers + 1)
        + 0.12 * log(max(held.new_followers, 0) + 1)
    )
    return Score(value, "bvci-2.0")


VERSIONS: Final[dict[str, Callable[..., Score]]] = {
    "wci-14.2-f": wci_f,
    "wci-14.2-n": wci_n,
    "bci-1": bci,
    "bci-simple-1": bci_simple,
    "dci-1": dci,
    "bvci-2.0": bvci,
}
