"""Any contrast of the columns of a model that you write: several at once give an F, products give interactions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import UsageError, suggest
from bids_app.statistics.contrast_partition import partition
from bids_app.trial.cohort import Cohort, Table, gather, stages_there
from bids_app.vocabulary.design import IT, Contrast, ContrastSpec, ContrastText, Design, Response
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.options.design import BeforeAfter, PeopleOptions
from bids_app.vocabulary.terms import signed_terms

_NAMED = re.compile(r"\s*([A-Za-z0-9]+)\s*=\s*(.*\S)\s*")


@dataclass(frozen=True)
class Options(BeforeAfter, PeopleOptions):
    """Options of `[designs.general]`: columns are `covariates` (a text column `sex` gives `sex_M`) and `products`."""

    products: Annotated[tuple[str, ...], Doc("Products of columns, e.g. 'sex_M:age': both are centred first.")] = ()
    contrasts: Annotated[
        tuple[str, ...],
        Doc("Contrasts, e.g. 'NAME = 2*age - bmi'; the first is primary; parts separated by ';' form an F test."),
    ] = ()
    outcome: Annotated[
        Literal["change", "pre", "post", "adjusted"],
        Doc("Dependent maps; adjusted: post with each voxel's own baseline as a covariate."),
    ] = "change"
    whole_blocks: Annotated[
        bool, Doc("Permute whole blocks (families of equal size) instead of participants within blocks.")
    ] = False


METHODS = (
    "Contrasts of a general linear model were partitioned into tested columns and the rest [@Winkler2014] and "
    "tested by exchanging residuals [@Freedman1983]. What was not randomised is an association."
)

_OUTCOMES = {
    "change": Response({"post": 1.0, "pre": -1.0}), "pre": Response({"pre": 1.0}), "post": Response({"post": 1.0}),
    "adjusted": Response({"post": 1.0}, "pre"),
}  # fmt: skip


def design(table: Table, options: Options) -> Design:
    """Build the design from the participants' table and the sessions that have maps.

    Raises
    ------
    UsageError
        If no contrast is written, or one cannot be understood.
    WrongDataError
        If fewer than three participants have the sessions, or the columns cannot answer a contrast.
    """
    if not options.contrasts:
        raise UsageError("designs.general needs contrasts: --set designs.general.contrasts=\"['NAME = COLUMN']\".")
    outcome = _OUTCOMES[options.outcome]
    needed = {stage: session for stage, session in options.stages.items() if stage in outcome.stages}
    stages = stages_there(table, needed)
    cohort = gather(table, dict.fromkeys(table.participants, "all"), stages, tuple(stages), options)
    columns = _columns(cohort, options)
    contrasts = tuple(_contrast(cohort, columns, text, options, not i) for i, text in enumerate(options.contrasts))
    return cohort.design(stages, contrasts)


def _columns(cohort: Cohort, options: Options) -> dict[str, NDArray[np.float64]]:
    """Return the columns of the model by name: the constant, covariates, products; and strata where people move."""
    columns = {"constant": np.ones(len(cohort.rows)), **cohort.covariates}
    for product in options.products:
        factors = product.split(":")
        _require(factors, columns)
        columns[product] = np.prod([columns[name] - columns[name].mean() for name in factors], axis=0)
    if not options.whole_blocks:
        for stratum in np.unique(cohort.strata)[1:]:
            columns[f"stratum_{stratum}"] = (cohort.strata == stratum).astype(np.float64)
    return columns


def _require(names: list[str], columns: Mapping[str, object]) -> None:
    for name in names:
        if name not in columns:
            raise UsageError(f"designs.general: there is no column {name!r}; {suggest(name, columns)}")


def _contrast(
    cohort: Cohort, columns: Mapping[str, NDArray[np.float64]], text: str, options: Options, primary: bool
) -> Contrast:
    """Return one contrast with its tested columns and the rest of the model."""
    found = _NAMED.fullmatch(text)
    if not found:
        raise UsageError(f"designs.general.contrasts: {text!r} is no contrast; expected 'NAME = 2*COLUMN - COLUMN'.")
    name, said = found[1], found[2]
    weights = np.zeros((len(columns), said.count(";") + 1))
    for question, part in enumerate(said.split(";")):
        try:
            terms = signed_terms(part, columns)
        except ValueError as error:
            said = f"there is no column {str(error)!r}; {suggest(str(error), columns)}"
            raise UsageError(f"designs.general.contrasts: {text!r}: {said}") from error
        for column, weight in terms:
            weights[list(columns).index(column), question] += weight
    if not weights.any(axis=0).all():
        raise UsageError(f"designs.general.contrasts: {text!r} asks nothing: all weights are 0.")
    rows = cohort.with_stages(*_OUTCOMES[options.outcome].stages)
    tested, rest = partition(np.column_stack(list(columns.values()))[rows], weights)
    words = ContrastText(
        question=f"Is {said} of {IT} ({options.outcome}) other than nothing?",
        sign="F has no sign" if ";" in said else f"positive = {said} above 0",
        found=f"{said} is other than nothing in {IT}",
        absent=f"No sign of {said} in {IT}",
    )
    asked = ContrastSpec(name=name, words=words, outcome=_OUTCOMES[options.outcome], primary=primary)
    heads = (*(f"{name}_{i + 1}" for i in range(tested.shape[1])), *(f"rest_{i + 1}" for i in range(rest.shape[1])))
    scheme = "exchange_whole" if options.whole_blocks else "exchange"
    effect = "slope" if tested.shape[1] == 1 else "variance"
    return Contrast(
        asked=asked,
        scheme=scheme,
        members=rows,
        tested=tested,
        nuisance=rest,
        blocks=cohort.strata[rows],
        effect=effect,
        columns=heads,
    )
