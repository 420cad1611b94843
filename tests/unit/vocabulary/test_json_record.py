"""Sidecars come back from JSON as the records that they were."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bids_app.vocabulary.json_record import JsonRecord, key_of
from bids_app.vocabulary.preregistration import Deviation, PlanStatus


@dataclass(frozen=True, kw_only=True)
class Inner(JsonRecord):
    smallest_p: float


@dataclass(frozen=True, kw_only=True)
class Outer(JsonRecord):
    title: str
    inner: Inner
    several: tuple[Inner, ...] = ()
    names: tuple[str, ...] = ()
    maybe: Inner | None = None


@given(title=st.text(), p=st.floats(0, 1), names=st.lists(st.text(), max_size=3), there=st.booleans())
def test_a_record_survives_json(title, p, names, there):
    inner = Inner(smallest_p=p)
    whole = Outer(title=title, inner=inner, several=(inner, inner), names=tuple(names), maybe=inner if there else None)
    told = json.loads(json.dumps(whole.to_json()))
    assert set(told) == {"Title", "Inner", "Several", "Names", *(["Maybe"] if there else [])}
    assert told["Inner"] == {"SmallestP": p}
    assert Outer.from_json(told) == whole


def test_keys_that_are_none_of_its_own_are_passed_over_and_defaults_stand():
    found = Outer.from_json({"Title": "x", "Inner": {"SmallestP": 0.5, "More": 1}, "Columns": {}})
    assert (found.several, found.maybe) == ((), None)
    with pytest.raises(TypeError, match="Inner is absent"):
        Outer.from_json({"Title": "x"})


def test_keys_are_in_the_case_of_bids():
    assert [key_of(name) for name in ("p", "sha256", "after_unblinding")] == ["P", "SHA256", "AfterUnblinding"]


def test_the_status_of_a_plan_survives_with_its_deviations():
    deviation = Deviation(table="inference", key="claim", kind="changed", planned="mass", now=["voxel"])
    status = PlanStatus(sha256="0", locked_on="2026-01-01", after_unblinding=False, status="exploratory",
                        deviations=(deviation,))  # fmt: skip
    assert PlanStatus.from_json(json.loads(json.dumps(status.to_json()))) == status
