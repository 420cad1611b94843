"""Options of `[modalities.physio]`: which columns of physiology are what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from bids_app.vocabulary.options.describe import Doc

KINDS = ("trace",)
"""Kinds of cleaning."""


@dataclass(frozen=True)
class Options:
    """Options of `[modalities.physio]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    ecg: Annotated[tuple[str, ...], Doc("Columns with an electrocardiogram.")] = ("ecg", "ECG")
    ppg: Annotated[tuple[str, ...], Doc("Columns with a pulse wave; BIDS calls that of a scanner cardiac.")] = (
        "cardiac", "ppg", "PPG", "pulse",
    )  # fmt: skip
    respiration: Annotated[tuple[str, ...], Doc("Columns with breathing.")] = ("respiratory", "respiration", "resp")
    eda: Annotated[tuple[str, ...], Doc("Columns with skin conductance.")] = ("eda", "EDA", "gsr", "GSR", "scr")
    pupil: Annotated[tuple[str, ...], Doc("Columns with pupil size; both eyes are averaged.")] = ("pupil_size",)
    sensor: Annotated[tuple[str, ...], Doc("The column of a biosensor, such as ATP; it must declare Units.")] = ()
    whole: Annotated[
        bool, Doc("Take all of a recording that was made with a scan; by default what lies outside of the scan is cut.")
    ] = False
    min_seconds: Annotated[float, Ge(0), Doc("Minimum seconds of a recording.", "s")] = 60.0
