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
        Literal["responder", "improvement"], Doc("Prediction target: response (yes or no), or improvement.")
    ] = "responder"
    share: Annotated[float, Gt(0), Lt(1), Doc("Responder threshold as a proportion of improvement.")] = 0.3
    measure: Annotated[str, Doc("Baseline measure used as brain features; maps are reduced to components.")] = (
        "parcel_correlation"
    )
    components: Annotated[int, Ge(1), Doc("Number of principal components of maps, estimated within each fold.")] = 20
    clinical: Annotated[tuple[str, ...], Doc("Clinical features; empty: the baseline outcome and the covariates.")] = ()
    confounds: Annotated[
        tuple[str, ...], Doc("Columns regressed out of the brain features within each fold, e.g. age.")
    ] = ()
    site: Annotated[str, Doc("Column of sites for leave-one-site-out prediction; empty: none.")] = ""
    folds: Annotated[int, Ge(2), Doc("Number of cross-validation folds.")] = 5
    repeats: Annotated[int, Ge(1), Doc("Number of repeated cross-validations.")] = 20
    n_permutations: Annotated[
        int, Ge(20), Doc("Permutations of the outcome within arms and strata, each through the whole pipeline.")
    ] = 200
