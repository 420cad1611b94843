"""Statistics and schemes in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = {
    "mass": "cluster mass",
    "extent": "cluster extent",
    "voxel": "largest |t|",
    "tfce": "threshold-free cluster enhancement",
}
SIDES = {"both": "two-sided", "positive": "one-sided: positive effects alone were tested"}

SCHEMES = {
    "rerandomise": "re-randomisations of the arms within strata",
    "wild": "patterns of signs of residuals (means alone are tested)",
    "signflip": "patterns of sign flips",
    "exchange": "orders of the residuals within blocks (Freedman-Lane)",
    "exchange_whole": "orders of the blocks as wholes (Freedman-Lane)",
}


def statistic_name(about: Mapping[str, Any]) -> str:
    """Return the statistic that carries the claim, in words with its settings."""
    name = NAMES[about["ClaimStatistic"]]
    if about["ClaimStatistic"] in ("mass", "extent"):
        name += f" at a cluster-forming p of {about['ClusterFormingP']:g}"
    return f"{name}, familywise error {about['Alpha']:.3g}, {SIDES[about['Sides']]}"
