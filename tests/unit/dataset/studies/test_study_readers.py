"""Studies read from tables of our own and from files of other tools, and what is wrong with them."""

import json

import numpy as np
import pytest

from bids_app.dataset.studies.folder import read_studies
from bids_app.derivatives.studies_export import nimads, sleuth, write_exports
from bids_app.errors import DeqiError, InvalidBidsError, MissingInputError, UsageError, WrongDataError
from bids_app.vocabulary.studies import contrast_word

SLEUTH = """// Reference=MNI
// Smith 2012: verum>sham
// Subjects=24
10\t-4\t6
-38\t2.5\t-10

// Lee 2015: verum>sham
// Subjects=31
0\t0\t0

// Lee 2015: sham>verum
// Subjects=31
4\t4\t4
"""


def write(folder, **files):
    """Write tables, given with blanks for tabs."""
    for name, text in files.items():
        (folder / f"{name}.tsv").write_text("\n".join("\t".join(line.split()) for line in text.splitlines()) + "\n")
    return folder


def test_two_directions_in_one_sleuth_file(tmp_path):
    """They are two contrasts, and the names and sizes are those that NiMARE reads (M3)."""
    path = tmp_path / "foci.txt"
    path.write_text(SLEUTH)
    found = read_studies(path)
    assert [(one.study, one.contrast.word, one.people, len(one.foci)) for one in found.peaks] == [
        ("Smith 2012", "verum>sham", 24, 2), ("Lee 2015", "verum>sham", 31, 1), ("Lee 2015", "sham>verum", 31, 1),
    ]  # fmt: skip
    assert found.peaks[0].foci.tolist() == [[10, -4, 6], [-38, 2.5, -10]]


def test_round_trips(tmp_path):
    """What is exported reads back: NIMADS as a whole, Sleuth by contrast."""
    (tmp_path / "foci.txt").write_text(SLEUTH)
    found = read_studies(tmp_path)
    whole, first, second = write_exports(tmp_path / "out", found)
    again = read_studies(whole)
    assert [(a.study, a.contrast, a.people, a.foci.tolist()) for a in again.peaks] == [
        (a.study, a.contrast, a.people, a.foci.tolist()) for a in found.peaks
    ]
    assert [one.study for one in read_studies(first).peaks] == ["Smith 2012", "Lee 2015"]
    assert read_studies(second).peaks[0].contrast.word == "sham>verum"
    assert sleuth(again.peaks, contrast_word("sham>verum")) == second.read_text()
    assert nimads(again)["studies"] == nimads(found)["studies"]


def test_talairach_is_moved_to_mni(tmp_path):
    """The origin of Talairach space, by Lancaster's matrix solved apart."""
    (tmp_path / "foci.txt").write_text(SLEUTH.replace("MNI", "Talairach"))
    matrix = np.array([[0.9254, 0.0024, -0.0118], [-0.0048, 0.9316, -0.0871], [0.0152, 0.0883, 0.8924]])
    expected = np.linalg.solve(matrix, -np.array([-1.0207, -1.7667, 4.0926]))
    assert read_studies(tmp_path).peaks[1].foci[0] == pytest.approx(expected)


def test_own_tables(tmp_path):
    """Participants by arm of the contrast; studies without foci stay."""
    write(
        tmp_path,
        studies="study_id sample_id n n_verum n_sham whole_brain\n"
        "A A n/a 20 18 true\nB A 30 n/a n/a n/a\nC C 12 6 6 false",
        foci="study_id contrast x y z\n"
        "A verum>sham 1 2 3\nA Verum:Post>Pre 4 5 6\nA sham:post>pre 0 0 0\nB verum>sham 7 8 9",
    )
    found = read_studies(tmp_path)
    assert [one.people for one in found.peaks] == [38, 20, 18, 30]
    assert found.studies["B"].sample == "A"
    assert not found.studies["C"].whole_brain
    assert [one.contrast.label for one in found.peaks][:2] == ["verumGtSham", "verumPostGtPre"]


def test_effects_alone(tmp_path):
    """A table of effects needs no other table; each row says which numbers it has."""
    write(
        tmp_path,
        effects="study_id outcome arm comparator mean sd n mean_comparator sd_comparator n_comparator g v direction\n"
        "A pain verum sham 2.1 1.8 49 3.4 2.0 49 n/a n/a lower\n"
        "B pain verum sham n/a n/a n/a n/a n/a n/a -.3 .05 lower",
    )
    found = read_studies(tmp_path)
    assert [one.form for one in found.effects] == ["endpoint", "g"]
    assert found.effects[0].numbers["sd_comparator"] == 2.0
    assert all(one.lower_is_better for one in found.effects)


def test_neurosynth_and_nimads(tmp_path):
    """Sizes that NeuroSynth does not tell are taken, with a note; NIMADS comes before other files."""
    write(tmp_path, coordinates="id x y z\n1 0 0 0\n1 4 4 4\n2 8 8 8", metadata="id space\n1 MNI\n2 TAL")
    found = read_studies(tmp_path)
    assert [one.people for one in found.peaks] == [20, 20]
    assert found.peaks[1].moved
    assert any("does not tell participants" in note for note in found.notes)
    point = {"space": "MNI", "coordinates": [1, 2, 3]}
    study = {"id": "s", "name": "s", "analyses": [{"id": "1", "name": "1", "points": [point], "images": []}]}
    (tmp_path / "set.json").write_text(json.dumps({"studies": [study]}))
    again = read_studies(tmp_path)
    assert [one.study for one in again.peaks] == ["s"]
    assert any("not read: coordinates.tsv" in note for note in again.notes)


FOCI = "study_id contrast x y z\nA verum>sham 1 2 3"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"foci": "study_id contrast x y z\nA verum>shma 1 2 3"}, "line 2: contrast is 'verum>shma'"),
        ({"foci": "study_id contrast x y z\nA verum>verum 1 2 3"}, "contrast is 'verum>verum'"),
        ({"foci": "study_id contrast x y z\nA verum>sham 1 2 q"}, "line 2: z is 'q'"),
        ({"foci": "study_id contrast x y z\nA verum>sham 1 2 n/a"}, "line 2: z is empty"),
        ({"foci": "study_id contrast x y z\nA verum>sham 1 2 130"}, "within 120 mm"),
        ({"foci": "study_id contrast x y z space\nA verum>sham 1 2 3 colin"}, "space 'colin'"),
        ({"foci": "study_id contrast x y zz\nA verum>sham 1 2 3"}, "expected z among them"),
        ({"foci": FOCI, "studies": "study_id n\nB 20"}, "'A', which has no row in studies.tsv"),
        ({"foci": FOCI, "studies": "study_id n\nA -3"}, "expected a number above 0"),
        ({"foci": FOCI, "studies": "study_id n\nA 20\nA 21"}, "a second time"),
        ({"foci": FOCI, "studies": "study_id whole_brain\nA perhaps"}, "expected true, false"),
        ({"effects": "study_id outcome arm\nA pain verum"}, "no numbers of an effect"),
        ({"effects": "study_id outcome g v\nA pain .2 0"}, "v is '0'"),
        ({"effects": "study_id outcome events n events_comparator n_comparator\nA cure 9 8 1 8"}, "9 of n = 8"),
        ({"effects": "study_id outcome g v direction\nA pain .2 .1 up"}, "expected lower or higher"),
    ],
)
def test_cells_that_cannot_be(tmp_path, files, said):
    """The message names the cell and what was expected."""
    with pytest.raises((WrongDataError, InvalidBidsError), match=said):
        read_studies(write(tmp_path, **files))


def test_folders_without_studies(tmp_path):
    """What is there, and what could be."""
    with pytest.raises(MissingInputError, match=r"expected studies\.tsv"):
        read_studies(tmp_path)
    with pytest.raises(MissingInputError, match="is not there"):
        read_studies(tmp_path / "absent")
    (tmp_path / "one.txt").write_text(SLEUTH)
    (tmp_path / "two.txt").write_text(SLEUTH)
    with pytest.raises(UsageError, match=r"one\.txt, two\.txt"):
        read_studies(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SLEUTH.replace("// Reference=MNI\n", ""), "Reference=MNI"),
        (SLEUTH.replace("10\t-4\t6", "10\t-4"), "line 4: z is empty"),
        (SLEUTH.replace("sham>verum", "real needles"), "directions must not be pooled"),
        (SLEUTH.replace("Subjects=24", "Subjects=many"), "Subjects is 'many'"),
    ],
)
def test_sleuth_files_that_cannot_be(tmp_path, text, said):
    """Lines are named."""
    (tmp_path / "foci.txt").write_text(text)
    with pytest.raises(WrongDataError, match=said):
        read_studies(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        {"studies": [{"analyses": []}, 3]}, {"studies": [{"id": "a", "analyses": [{"points": [{"space": "MNI"}]}]}]},
        {"s": {"contrasts": {"1": {"coords": {"x": [1], "y": [1, 2], "z": [1]}}}}},
    ],
)  # fmt: skip
def test_broken_json_is_named(tmp_path, content):
    """Whatever is missing, the file is named and no traceback is shown."""
    (tmp_path / "set.json").write_text(json.dumps(content))
    with pytest.raises(DeqiError, match=r"set\.json"):
        read_studies(tmp_path)
