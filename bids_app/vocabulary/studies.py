"""Published studies as a meta-analysis takes them: participants, reported peaks, effects on outcomes, images."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.links import LinkEvidence

_ARMS = "verum|sham|waitlist|usual_care|medication|no_treatment"
_WORD = re.compile(
    rf"(?P<arm>({_ARMS})):(post>pre|pre>post|needling>rest|rest>needling)|({_ARMS})>({_ARMS})"
    r"|patients>controls|controls>patients"
)

CONTRASTS = (
    "verum>sham, sham>verum, verum:post>pre, verum:pre>post, sham:post>pre, verum:needling>rest, patients>controls"
)
"""Examples of contrast words, for messages."""


class ContrastWord(NamedTuple):
    """A contrast: which word it is, and the arm within which it lies, if it lies within one."""

    word: str
    within: str

    @property
    def label(self) -> str:
        """What stands in file names.

        >>> contrast_word("verum:post > pre").label
        'verumPostGtPre'
        """
        return as_label(self.word.replace(">", " gt ").replace(":", " ").replace("_", " "))


def contrast_word(text: str, more: Collection[str] = ()) -> ContrastWord | None:
    """Return the contrast that a word is, or None; blanks and case do not matter.

    >>> contrast_word("Verum > Sham"), contrast_word("real acupuncture")
    (ContrastWord(word='verum>sham', within=''), None)
    """
    word = re.sub(r"\s*([>:])\s*", r"\1", text.strip().lower())
    own = {re.sub(r"\s*([>:])\s*", r"\1", one.strip().lower()) for one in more}
    found = _WORD.fullmatch(word)
    if found and len({*word.split(">")}) == word.count(">") + 1:
        return ContrastWord(word, found["arm"] or "")
    if word not in own and word != EVERY.word:
        return None
    arm = word.partition(":")[0]
    return ContrastWord(word, arm if re.fullmatch(_ARMS, arm) and ":" in word else "")


def opposite(word: str) -> str:
    """Return the contrast of the other direction.

    >>> opposite("verum>sham"), opposite("sham:post>pre")
    ('sham>verum', 'sham:pre>post')
    """
    arm, colon, sides = word.rpartition(":")
    return arm + colon + ">".join(reversed(sides.split(">")))


def compares_arms(contrast: ContrastWord) -> bool:
    """Tell whether a contrast compares arms of a trial.

    >>> compares_arms(ContrastWord("verum>sham", "")), compares_arms(ContrastWord("patients>controls", ""))
    (True, False)
    """
    return re.fullmatch(rf"({_ARMS})>({_ARMS})", contrast.word) is not None


def compares_groups(contrast: ContrastWord) -> bool:
    """Tell whether a contrast compares two groups of people: arms, or patients and controls."""
    return compares_arms(contrast) or contrast.word in ("patients>controls", "controls>patients")


EVERY = ContrastWord("all", "")
"""Contrast of foreign files whose names of analyses are no contrast words."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study, from its row of `studies.tsv`.

    Attributes
    ----------
    sample : str
        Its participants; papers that share it share people.
    n, n_verum, n_sham : float
        Participants, NaN where they are not told.
    whole_brain : bool
        False if it looked at regions chosen beforehand alone.
    output : str
        Output dataset of deqi, a path or a BIDS URI; often none.
    facts : mapping of str
        All its cells, by column.
    """

    name: str
    sample: str
    n: float = float("nan")
    n_verum: float = float("nan")
    n_sham: float = float("nan")
    whole_brain: bool = True
    output: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def people(self, contrast: ContrastWord) -> float:
        """Return how many participants a contrast of it has; NaN where that is not told."""
        if contrast.within in ("verum", "sham"):
            own = self.n_verum if contrast.within == "verum" else self.n_sham
            return own if np.isfinite(own) else float("nan") if np.isfinite(self.n_verum + self.n_sham) else self.n
        return self.n if np.isfinite(self.n) else self.n_verum + self.n_sham


@dataclass(frozen=True, eq=False, kw_only=True)
class ReportedPeaks:
    """The peaks that a study reports for a contrast.

    Attributes
    ----------
    foci : (foci, 3) array
        In MNI space, mm.
    moved : bool
        True if they were reported in Talairach space.
    people : float
        Participants of the contrast, NaN where they are not told.
    """

    study: str
    contrast: ContrastWord
    foci: NDArray[np.float64]
    people: float
    moved: bool = False


EffectForm = Literal["endpoint", "change", "events", "g"]


@dataclass(frozen=True, kw_only=True)
class ReportedEffect:
    """One comparison of an outcome in one study.

    Attributes
    ----------
    time : str
        When the outcome was measured, as the table has it; often nothing.
    lower_is_better : bool or None
        None where it is not told.
    form : {'endpoint', 'change', 'events', 'g'}
        Which numbers there are.
    numbers : mapping of float
        Of `mean`, `sd`, `n` (or `events`, `n`; `g`, `v`), and the same of the comparator.
    line : int
        In the table.
    """

    study: str
    outcome: str
    arm: str
    comparator: str
    time: str
    lower_is_better: bool | None
    form: EffectForm
    numbers: Mapping[str, float]
    line: int


@dataclass(frozen=True, kw_only=True)
class StudyMaps:
    """The images of one contrast of a study.

    Attributes
    ----------
    subject : str
        What they are of: measure and map of an output of deqi, the contrast of other images.
    paths : mapping of Path
        By what they hold: effect, variance, g; beta, se, varcope, t, z.
    people : tuple of float
        Participants by arm, or of the one group; empty where they are not told.
    units : str
        Of the effect; empty where they are not known.
    made_with : mapping
        Settings of an output of deqi that decide what its values mean, by name.
    labels : tuple of str
        Participants of an output of deqi, by label and arm.
    described : tuple of Path
        Files that the last three, and the participants, were read from.
    """

    study: str
    subject: str
    paths: Mapping[str, Path]
    people: tuple[float, ...] = ()
    units: str = ""
    made_with: Mapping[str, object] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    described: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Studies:
    """What a folder of studies holds.

    Attributes
    ----------
    studies : mapping of Study
        By name.
    peaks, effects, maps, links
        What they report.
    files : tuple of Path
        Files that were read.
    notes : tuple of str
        What was taken for granted or not read.
    """

    studies: Mapping[str, Study]
    peaks: tuple[ReportedPeaks, ...] = ()
    effects: tuple[ReportedEffect, ...] = ()
    maps: tuple[StudyMaps, ...] = ()
    links: tuple[LinkEvidence, ...] = ()
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    def with_maps(self, used: Collection[str]) -> tuple[str, ...]:
        """Return which of the studies used have maps too, which are stronger evidence than what papers print."""
        return tuple(dict.fromkeys(one.study for one in self.maps if one.study in used))
