"""When nodes of declared paths are measured, by the sessions of the design."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bids_app import plugs
from bids_app.errors import UsageError
from bids_app.levels.pathway_nodes import _change, _once
from bids_app.vocabulary.options.pathway import NodeOptions
from bids_app.vocabulary.selected import Selected


def job(design, **options):
    return SimpleNamespace(design=Selected(design, plugs.design(design).options(**options)))


@pytest.mark.parametrize(("design", "options", "expected"), [
    ("parallel_prepost", {"pre": "base", "post": "end"}, ("base", "end")),
    ("parallel_followups", {"pre": "base", "posts": ("week4", "week8")}, ("base", "week4")),
    ("one_arm_prepost", {}, ("pre", "post")),
])  # fmt: skip
def test_a_change_is_to_the_first_visit_after_treatment(design, options, expected):
    assert _change(job(design, **options), "alpha") == expected
    assert _once(job(design, **options), NodeOptions()) == (expected[1], "after")
    assert _once(job(design, **options), NodeOptions(when="before")) == (expected[0], "before")


def test_a_design_of_one_session_has_no_change():
    """One scan is made while needles are in, unless someone says otherwise."""
    with pytest.raises(UsageError, match=r"alpha is a change, and designs.post_only has no session before treatment"):
        _change(job("post_only", session="01"), "alpha")
    assert _once(job("post_only", session="01"), NodeOptions()) == ("01", "treatment")
    assert _once(job("post_only", session="01"), NodeOptions(when="after")) == ("01", "after")
