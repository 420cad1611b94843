"""What is predicted, from what, and how it is judged: options that all predictors share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Lt

from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Options of `[prediction]`; `[predictors.<name>]` says how to learn, and that it is to be done."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    outcome: Annotated[str, Doc("Outcome that is predicted; empty: the primary one.")] = ""
    target: Annotated[
        Literal["responder", "improvement"], Doc("Whether somebody responds, or how much they improve.")
    ] = "responder"
    share: Annotated[float, Gt(0), Lt(1), Doc("Share of improvement from which on somebody is a responder.")] = 0.3
    measure: Annotated[
        str, Doc("Measure before treatment whose values are the brain's features; maps are reduced.")
    ] = "parcel_correlation"
    components: Annotated[int, Ge(1), Doc("Principal components that maps are reduced to inside each fold.")] = 20
    clinical: Annotated[
        tuple[str, ...], Doc("Columns known before treatment; empty: the outcome before treatment and the covariates.")
    ] = ()
    confounds: Annotated[
        tuple[str, ...], Doc("Columns taken out of the brain's features inside each fold, e.g. age.")
    ] = ()
    site: Annotated[str, Doc("Column of sites; each is then also predicted from all others. Empty: none.")] = ""
    folds: Annotated[int, Ge(2), Doc("Parts that people are divided into.")] = 5
    repeats: Annotated[int, Ge(1), Doc("Divisions into parts.")] = 20
    n_permutations: Annotated[
        int, Ge(20), Doc("Outcomes exchanged within arms and strata, each through the whole pipeline.")
    ] = 200
