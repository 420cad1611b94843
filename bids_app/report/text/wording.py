"""Statistics and schemes in words."""

from __future__ import annotations

from bids_app.vocabulary.contrast_sidecar import ContrastSidecar

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


def statistic_name(about: ContrastSidecar) -> str:
    """Return the statistic that carries the claim, in words with its settings."""
    name = NAMES[about.claim_statistic]
    if about.claim_statistic in ("mass", "extent"):
        name += f" at a cluster-forming p of {about.cluster_forming_p:g}"
    return f"{name}, familywise error {about.alpha:.3g}, {SIDES[about.sides]}"
