"""What stands beside responses of haemoglobin and beside pairings."""

from bids_app.report.claims.optics import remarks
from bids_app.report.claims.pairings import of_pairings
from bids_app.vocabulary.group_sidecars import PairingSidecar


def test_both_kinds_of_haemoglobin_and_the_scalp():
    """Without short channels that comes first; both kinds together, or one alone, are told apart."""
    said = remarks(["S1-D1"], [], ["S2-D2"], short=False)
    assert said[0].startswith("Short channels were not taken out of every run")
    assert said[1].startswith("S1-D1: oxygenated haemoglobin is larger and deoxygenated smaller")
    assert "is not excluded" in said[2]
    assert not any("brain" in one or "activation" in one for one in said)
    assert remarks([], [], [], short=True) == [
        "Short channels reduce what the scalp adds to about a tenth; they do not remove it."
    ]


def pairings(p, **more):
    place = {"Place": "A PFC hbo with B PFC hbo", "Observed": 0.63, "Expected": 0.41, "P": p}
    return PairingSidecar(measure="x", noun="x", session="01", dyads={"verum": 6, "sham": 6}, **{
        "practitioners": 3, "places": (place,), "pairings": 1000, **more,
    })  # fmt: skip


def test_pairings_say_what_they_test():
    found = of_pairings(pairings(0.001))
    assert found.sentence.startswith(
        "Session 01: patients and practitioners who were together are more alike than others"
    )
    assert found.positive
    assert any("answers neither" in one for one in found.remarks)
    found = of_pairings(pairings(0.2))
    assert "were not shown to be more alike" in found.sentence
    assert not found.positive
    assert "There is one practitioner" in of_pairings(pairings(0.001, practitioners=1)).remarks[0]
    found = of_pairings(pairings(0.2, absent="3 dyads in sham", places=()))
    assert found.sentence == "Session 01: pairings were not tested: 3 dyads in sham."
