"""How arms differed before treatment: described, never tested, because chance alone made it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.levels.group.arm_similarity import Stacks
from bids_app.statistics import effect_size
from bids_app.statistics.permutation import linear_model
from bids_app.statistics.result import Result
from bids_app.trial.contrasts import labels_of
from bids_app.vocabulary import array_allocation
from bids_app.vocabulary.design import Contrast


def name_of(primary: Result) -> str:
    """Return the name of the difference before treatment between the arms of a contrast, such as verumVsShamPre."""
    design, contrast = primary.subject.design, primary.contrast
    labels = dict(zip(design.arms, labels_of(design.arms), strict=True))
    arms = [design.rows[i]["arm"] for i in contrast.members]
    first, second = (labels[arms[int(np.argmax(contrast.tested[:, 0] == side))]] for side in (1, 0))
    return f"{first}Vs{second[:1].upper()}{second[1:]}Pre"


def difference(contrast: Contrast, stacks: Stacks) -> dict[str, NDArray[np.float32]]:
    """Return the difference of two arms in the baseline of a contrast, (voxels,) each by `stat`; none without one.

    The difference is adjusted for covariates and strata like the contrast itself; Hedges g has the limits of the
    noncentral t.
    """
    before = contrast.asked.outcome.baseline
    if not before or contrast.effect != "ancova":
        return {}
    arm = contrast.tested[:, 0]
    model = linear_model.fit(
        array_allocation.rows_of(stacks[before], contrast.members), contrast.tested, contrast.nuisance
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        t = model.effect / np.sqrt(model.variance)
    values = np.stack([t, *effect_size.noncentral_limits(t, model.df)])
    g = effect_size.two_sample_g(values, int(arm.sum()), int((arm == 0).sum()))
    maps = {"effect": model.effect, "variance": model.variance, "g": g[0], "gLower": g[1], "gUpper": g[2]}
    return {name: found.astype(np.float32) for name, found in maps.items()}
