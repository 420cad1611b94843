"""Alternatives of a multiverse: what stands together, and what is refused."""

from __future__ import annotations

import pytest

from bids_app.errors import UsageError
from bids_app.settings import resolve
from bids_app.vocabulary.options.multiverse import Multiverse

TWO_OF_ONE_KEY = ("a: x.k=1", "b: x.k=2", "c: y.l=3; y.m=[1, 2]")


def test_one_at_a_time_is_each_alone():
    found = Multiverse(TWO_OF_ONE_KEY).specifications()
    assert [(one.name, one.settings) for one in found] == [
        ("a", ("x.k=1",)), ("b", ("x.k=2",)), ("c", ("y.l=3", "y.m=[1, 2]")),
    ]  # fmt: skip


def test_all_combinations_but_those_of_one_key():
    found = Multiverse(TWO_OF_ONE_KEY, combine="all").specifications()
    assert [one.name for one in found] == ["a", "b", "c", "aC", "bC"]
    assert found[3].settings == ("x.k=1", "y.l=3", "y.m=[1, 2]")
    assert found[3].choices == ("a", "c")


@pytest.mark.parametrize("words", [["no name"], ["a b: x.k=1"], ["a: x.k"], ["a: x.k=1", "A: x.k=2"]])
def test_what_cannot_be_understood_is_refused(words):
    with pytest.raises(UsageError, match="multiverse"):
        resolve({"multiverse": {"alternatives": words}})


def test_every_default_can_be_set():
    from bids_app.dataset.settings_toml import override

    for one in Multiverse().specifications():
        tables: dict = {}
        override(tables, one.settings)
        resolve(tables)
