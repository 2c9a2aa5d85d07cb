"""Errors are words, with a stable code."""

from __future__ import annotations

import pytest

from rongmei.kernel import http_errors
from rongmei.kernel.errors import RongmeiError
from rongmei.kernel.http_errors import HttpError


class StoryNotUnderReview(RongmeiError):
    """The story is not under review.

    More for developers.
    """

    status = 409


def test_code_message_and_details() -> None:
    error = StoryNotUnderReview(story=7)
    assert (error.code, error.status) == ("story_not_under_review", 409)
    assert str(error) == "The story is not under review."
    assert error.details == {"story": 7}
    assert str(StoryNotUnderReview("稿件不在审核中")) == "稿件不在审核中"


@pytest.mark.parametrize(
    "kind",
    [c for c in vars(http_errors).values() if isinstance(c, type) and issubclass(c, HttpError)],
)
def test_every_http_error_has_words_and_a_code_of_its_own(kind: type[HttpError]) -> None:
    error = kind(
        url="https://a.example/", host="a.example", port=1, seconds="1", limit=1, hops=1, reason="x"
    )
    assert "a.example" in str(error)
    assert "%(" not in str(error)
    assert str(kind("自己的话")) == "自己的话"
    assert error.kind in {"hard", "soft", "temporary"}
