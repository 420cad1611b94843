"""Parallel arms at several sites: sites are strata and fixed effects, and how the effect differs is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from bids_app.errors import WrongDataError
from bids_app.trial.cohort import Cohort, Table, arms_of, gather
from bids_app.trial.contrasts import between, labels_of
from bids_app.trial.dropout import uneven_dropout
from bids_app.trial.prepost_contrasts import ADJUSTED, contrasts
from bids_app.vocabulary.design import IT, OWN, Contrast, ContrastSpec, ContrastText, Design
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.options.design import ArmOptions, BeforeAfter, Name


@dataclass(frozen=True)
class Options(BeforeAfter, ArmOptions):
    """Options of `[designs.multi_site]`."""

    site: Annotated[Name, Doc("Column of participants.tsv with the site; arms are re-randomised within sites.")] = (
        "site"
    )

    @property
    def drawn_within(self) -> tuple[str, ...]:
        """The site, then the strata."""
        return (self.site, *(name for name in self.strata if name != self.site))


METHODS = (
    "Sites were strata of the re-randomisation and fixed effects of the model. The primary estimand was the difference "
    "between arms after treatment, adjusted for each voxel's own baseline (ANCOVA); its heterogeneity over sites is "
    "described by I2 [@Higgins2002]."
)


def design(table: Table, options: Options) -> Design:
    """Build the design from the participants' table and the sessions that have maps.

    Raises
    ------
    WrongDataError
        If there is one site alone, fewer than three participants of an arm have both sessions, or a covariate
        cannot be used.
    """
    arm = arms_of(table.participants, options, "multi_site")
    cohort = gather(table, arm, options.stages, ("pre", "post"), options)
    if len({row[options.site] for row in cohort.rows}) < 2:
        raise WrongDataError(f"All participants with both sessions have one {options.site}; take parallel_prepost.")
    unequal = uneven_dropout(cohort, ("pre", "post"))
    sites = tuple(_sites(cohort, options.site))
    notes = (*unequal, *_small(cohort, options.site, len(sites)))
    return cohort.design(
        options.stages, (*contrasts(cohort, bool(unequal)), *sites), notes, parts=tuple(c.name for c in sites)
    )


def _sites(cohort: Cohort, column: str) -> Iterator[Contrast]:
    """Yield the primary question at each site that has three people of both arms."""
    first, control = cohort.arms[0], cohort.arms[-1]
    labels = labels_of(cohort.arms)
    where = np.array([row[column] for row in cohort.rows])
    for site in sorted(set(where.tolist())):
        here = where == site
        if min((cohort.arm[here] == number).sum() for number in (0, len(cohort.arms) - 1)) < 3:
            continue
        words = ContrastText(
            question=f"Does {IT} after treatment differ between {first} and {control} at {column} {site}, given "
            f"{OWN} baseline? Described to compare sites; it decides nothing.",
            sign=f"positive = larger in {first}", compares=(first, control),
        )  # fmt: skip
        label = as_label(f"site {site}")
        name = f"{labels[0]}Vs{labels[-1][:1].upper()}{labels[-1][1:]}{label[:1].upper()}{label[1:]}"
        yield between(cohort, ContrastSpec(name=name, words=words, outcome=ADJUSTED), (first, control), among=here)


def _small(cohort: Cohort, column: str, counted: int) -> list[str]:
    sites = {row[column] for row in cohort.rows}
    few = len(sites) - counted
    return (
        [f"{few} of {len(sites)} sites have fewer than three people of an arm; they count, but have no map."]
        if few
        else []
    )
