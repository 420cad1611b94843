"""A contrast and its maps as pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bids_app.report import viewer
from bids_app.report.sections.confirmatory import JudgedContrast
from bids_app.report.text.wording import claim_name, scheme_name, statistic_name


@dataclass(frozen=True, eq=False, kw_only=True)
class MapSection:
    """One map of one contrast ready for a page.

    Attributes
    ----------
    view : View
        What the viewer opens.
    floor : float
        |t| from which on it is drawn.
    p, robust : float, float or None
        Smallest p over map and family; None where there is no test of means alone.
    p_limits : (low, high) or None
        What other draws would give for `p_map`, the p over the map alone.
    answer : str
        What the map allows to say, in two or three words.
    picture, glass, literature, evidence : str
        Addresses of pictures; empty where there is none.
    panels : sequence of mapping
        Largest clusters that pass: every participant.
    clusters, printed : sequence of mapping
        First rows of the tables; `more` rows are in `file`.
    column : str
        Column of the p that decides.
    before : float or None
        Median |g| of the arms before treatment.
    """

    label: str
    about: JudgedContrast
    view: viewer.View
    floor: float
    p: float
    p_limits: Sequence[float] | None
    p_map: float
    robust: float | None
    answer: str
    picture: str
    glass: str
    panels: Sequence[Mapping[str, object]]
    chance: Mapping[str, object] | None
    motion: Mapping[str, object] | None
    clusters: Sequence[Mapping[str, object]]
    more: int
    column: str
    file: str
    literature: str
    printed: Sequence[Mapping[str, object]]
    evidence: str
    before: float | None

    @property
    def passed(self) -> bool:
        """Whether anything in the map passes."""
        return self.about.passes


@dataclass(frozen=True, eq=False, kw_only=True)
class ContrastSection:
    """One contrast with its maps, the smallest p first."""

    name: str
    seeds: Sequence[MapSection]

    @property
    def about(self) -> JudgedContrast:
        """The sidecar of one of its maps."""
        return self.seeds[0].about

    @property
    def passed(self) -> int:
        """How many maps pass."""
        return sum(seed.passed for seed in self.seeds)

    @property
    def robust(self) -> bool:
        """Whether means alone were tested."""
        return any(seed.robust is not None for seed in self.seeds)

    @property
    def too_small(self) -> bool:
        """Whether an arm is too small for the robust p of single voxels."""
        return bool(self.about.robust and self.about.robust.too_small_for_voxels)

    @property
    def why(self) -> str:
        """Why means alone were not tested, or nothing."""
        return (self.about.robust and self.about.robust.absent) or ""

    @property
    def statistic(self) -> str:
        """The statistic that decides, with its settings."""
        return statistic_name(self.about)

    @property
    def claim(self) -> str:
        """The same by its short name."""
        return self.about.claim_statistic

    @property
    def claim_name(self) -> str:
        """The same in words."""
        return claim_name(self.claim)

    @property
    def scheme(self) -> str:
        """What was permuted."""
        return scheme_name(self.about.scheme)
