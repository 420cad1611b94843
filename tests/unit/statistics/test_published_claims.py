"""What published numbers imply, against constants computed elsewhere."""

from __future__ import annotations

import pytest

from bids_app.errors import MissingInputError, UsageError, WrongDataError
from bids_app.report.text.claim_check import check
from bids_app.statistics import published_claims


def test_the_largest_z_there_can_be():
    assert published_claims.largest_z_within(49) == pytest.approx(6.0927, abs=1e-4)
    assert published_claims.largest_z_between(49, 49) == pytest.approx(8.5298, abs=1e-4)


def test_the_effect_behind_a_z():
    found = published_claims.behind_z(-6.877, 49, 49)
    assert found["u"] == pytest.approx(232.6, abs=0.05)
    assert found["superiority"] == pytest.approx(0.903, abs=5e-4)
    assert found["r"] == pytest.approx(0.695, abs=5e-4)
    assert found["d"] == pytest.approx(1.84, abs=5e-3)


def test_peaks_over_a_brain():
    assert published_claims.peak_p(4.5, 96, 50_000, 3) == pytest.approx(0.372, abs=5e-4)
    assert published_claims.peak_p(4.5, 48, 50_000, 3) == pytest.approx(0.647, abs=5e-4)


def test_how_often_one_arm_alone_is_significant_with_equal_effects():
    assert published_claims.one_arm_alone(0.29, 49) == pytest.approx(0.250, abs=1e-3)
    assert published_claims.one_arm_alone(0.40, 49) == pytest.approx(0.170, abs=1e-3)


def test_noise_explains_more_of_few_regions_and_of_smoother_maps():
    few, many = (published_claims.explained_by_noise(n, 0.35)[0] for n in (34, 111))
    assert 0.3 < many < few < 0.8
    assert published_claims.explained_by_noise(34, 0.2)[0] < published_claims.explained_by_noise(34, 0.5)[0]
    median, high = published_claims.explained_by_noise(80, 0.3)
    assert median < high < 1


def test_the_report_names_what_it_assumes_and_accuses_nobody():
    text = check("neck-pain")
    assert text.count("Assumed:") == 4
    assert "6.0927 at most without ties, 7.0000 with any: 6.877 can be one only if many values are the same" in text
    assert "corrected p of 0.373" in text
    for word in ("fraud", "fake", "wrong", "misconduct", "fabricat", "impossible", "dishonest"):
        assert word not in text.lower()


def test_a_z_beyond_what_ranks_can_give_is_told(tmp_path):
    path = tmp_path / "claims.toml"
    path.write_text('[[claims]]\nkind = "ranks"\nz = 9.0\npeople = [20, 20]\n')
    assert "9 cannot be one." in check(str(path)).splitlines()[-2]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ('[[claims]]\nkind = "rank"', UsageError, "did you mean"),
        ('[[claims]]\nkind = "ranks"\nz = 3', WrongDataError, "lacks 'people'"),
        ('[[claims]]\nkind = "ranks"\nz = "much"\npeople = [3, 3]', WrongDataError, "cannot be used"),
        ('[[claims]]\nkind = "ranks"\nz = 3\npeople = []', WrongDataError, "cannot be used"),
        ('[[claims]]\nkind = "ranks"\nz = 3\npeople = [0, 5]', WrongDataError, "cannot be used"),
        ('claims = "x"', WrongDataError, r"has no \[\[claims\]\]"),
        ("x = 1", WrongDataError, r"has no \[\[claims\]\]"),
        ("x = ", WrongDataError, "is not TOML"),
    ],
)
def test_claims_that_cannot_be_understood(text, error, said, tmp_path):
    path = tmp_path / "claims.toml"
    path.write_text(text)
    with pytest.raises(error, match=said):
        check(str(path))
    with pytest.raises(MissingInputError, match="neck-pain"):
        check(str(tmp_path / "other.toml"))


def test_the_page_of_the_documentation_is_what_the_command_says():
    from pathlib import Path

    kept = Path(__file__).parents[3] / "docs" / "claims.md"
    assert kept.read_text() == check("neck-pain"), "run make claims"
