"""What a deviation from a sealed plan touches, by what it is of and never by how it reads."""

from __future__ import annotations

import pytest

from bids_app.report.claims.preregistration import sentence
from bids_app.vocabulary.preregistration import OF_MAPS, OF_OUTCOMES, Deviation, Preregistration, plan_status


def sealed(*deviations, late=False):
    return Preregistration(sha256="0" * 64, locked_on="2026-01-01", after_unblinding=late, deviations=deviations)


def changed(table, key, planned=1, now=2):
    return Deviation(table=table, key=key, kind="changed", planned=planned, now=now)


@pytest.mark.parametrize(
    ("deviation", "maps", "outcome", "other"),
    [
        (changed("inference", "claim"), False, False, False),
        (changed("measures.alff", "low"), False, True, True),
        (changed("call", "participant_label"), False, False, False),
        (changed("call", "exclusions"), False, True, True),
        (changed("file", "seed.nii.gz"), False, True, True),
        (changed("outcomes.vas", "important_difference"), True, False, True),
        (changed("outcomes.vas", "role"), True, False, False),
        (Deviation(table="outcomes.vas", kind="dropped"), True, False, False),
        (Deviation(table="outcomes.vas2", kind="added"), True, False, False),
        (changed("outcomes.vas2", "units"), True, True, True),
        (changed("associations.brain_symptom", "visit"), True, True, True),
        (changed("inferences", "claim"), True, True, True),
    ],
)
def test_each_result_is_touched_by_its_own_settings_alone(deviation, maps, outcome, other):
    """`maps` confirmatory; outcome `vas`; an `other` outcome, which is corrected together with it."""
    plan = sealed(deviation)

    def status(*settings, family=False):
        return plan_status(plan, *settings, declared=True, family=family).status == "confirmatory"

    assert status(*OF_MAPS) == maps
    assert status(*OF_OUTCOMES, "outcomes.vas", family=True) == outcome
    assert status(*OF_OUTCOMES, "outcomes.psqi", family=True) == other


def test_what_was_sealed_late_or_is_not_declared_confirms_nothing():
    assert plan_status(sealed(late=True), *OF_MAPS, declared=True).status == "exploratory"
    assert plan_status(sealed(), *OF_MAPS, declared=False).status == "exploratory"
    assert plan_status(sealed(), *OF_MAPS, declared=True).status == "confirmatory"
    assert plan_status(None, *OF_MAPS, declared=True) is None


@pytest.mark.parametrize("kind", ["added", "dropped", "changed"])
@pytest.mark.parametrize("table", ["file", "inference"])
def test_a_deviation_survives_its_sidecar_and_can_be_read(kind, table):
    deviation = Deviation(table=table, key="claim" if kind == "changed" or table == "file" else "", kind=kind)
    assert Deviation.from_json(deviation.to_json()) == deviation
    assert table in sentence(deviation)
