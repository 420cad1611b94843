"""Other choices that could have been made: options of `[multiverse]`, and the analyses that follow from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge

from bids_app.vocabulary.options.describe import Doc

_CHOICE = re.compile(r"\s*([A-Za-z0-9]+)\s*:\s*(.*\S)\s*")


@dataclass(frozen=True)
class Specification:
    """One analysis beside the main one: its name, and what it sets otherwise, as words of `--set`."""

    name: str
    settings: tuple[str, ...]
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Multiverse:
    """Options of `[multiverse]`; they only matter with --multiverse, and what comes of it is exploratory."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    alternatives: Annotated[
        tuple[str, ...], Doc("Alternative analysis choices: 'NAME: TABLE.KEY=VALUE', several separated by ';'.")
    ] = (
        "gsr: modalities.fmri.confounds=24P+csf+wm+gsr",
        "openBand: modalities.fmri.low_pass=0",
        "strictMotion: modalities.fmri.fd_threshold=0.2",
        "smooth8: modalities.fmri.smoothing_fwhm=8",
    )
    combine: Annotated[
        Literal["one-at-a-time", "all"], Doc("Vary one choice at a time, or combine all compatible choices.")
    ] = "one-at-a-time"
    measures: Annotated[
        tuple[str, ...], Doc("Measures recomputed for each alternative, unless --measures names some.")
    ] = ("seed_correlation",)
    n_permutations: Annotated[int, Ge(0), Doc("Permutations of each alternative; 0: as in the main analysis.")] = 1000

    def __post_init__(self) -> None:
        """Refuse choices that cannot be understood, and names given twice."""
        names = [choice.name for choice in self._choices()]
        if len({name.lower() for name in names}) < len(names):
            raise ValueError(f"alternatives have the same name: {', '.join(names)}")

    def _choices(self) -> Iterator[Specification]:
        for text in self.alternatives:
            found = _CHOICE.fullmatch(text)
            settings = tuple(word.strip() for word in found[2].split(";")) if found else ()
            if not found or not all("=" in word for word in settings):
                raise ValueError(f"{text!r} is no alternative; expected 'NAME: TABLE.KEY=VALUE', letters in NAME")
            yield Specification(found[1], settings, (found[1],))

    def specifications(self) -> list[Specification]:
        """Return every analysis beside the main one; two choices of one key never stand together."""
        choices = list(self._choices())
        sizes = range(1, len(choices) + 1 if self.combine == "all" else 2)
        found = []
        for chosen in (members for size in sizes for members in combinations(choices, size)):
            settings = tuple(word for choice in chosen for word in choice.settings)
            keys = [word.partition("=")[0].strip() for word in settings]
            if len(set(keys)) == len(keys):
                first, *others = (choice.name for choice in chosen)
                name = first + "".join(other[:1].upper() + other[1:] for other in others)
                found.append(Specification(name, settings, tuple(choice.name for choice in chosen)))
        return found
