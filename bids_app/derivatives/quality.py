"""The quality table of a session."""

from __future__ import annotations

from typing import Any

import numpy as np

QUALITY = {
    "run": "What tells the run from the others of its session: its label, or entities; n/a where its name has none.",
    "volumes": "Volumes of the series.",
    "volumes_kept": "Volumes that are not censored.",
    "minutes_kept": "Minutes of kept volumes.",
    "mean_fd": "Mean framewise displacement over all volumes, mm.",
    "max_fd": "Largest framewise displacement, mm.",
    "df_res": "Residual degrees of freedom of the cleaned series.",
    "df_effective": "What they are worth for a correlation, given autocorrelation; n/a after a low-pass filter.",
    "df_confounds": "Degrees of freedom that drift and confounds took.",
    "df_band": "Degrees of freedom that the stop band took beside them.",
    "voxels": "Voxels of the mask that are finite and vary.",
    "voxels_unusable": "Voxels of the brain mask that are constant or not finite.",
    "tsnr": "Median over voxels of mean over standard deviation, before cleaning.",
    "gcor": "Global correlation: mean correlation over all pairs of voxels after cleaning.",
    "refused": "Seeds and measures that are left out of this run.",
    "refused_because": "Why they are.",
    "decision": "used or left out.",
    "reason": "Why the run, or its whole session, is left out.",
    "advice": "What would help a session that is left out.",
}


def quality_row(one: Any, reason: str, advice: str) -> dict[str, Any]:
    """Return the row of one run, whether it was read or left out; `reason` and `advice` are of the whole session."""
    signals = one.signals
    row: dict[str, Any] = dict.fromkeys(QUALITY)
    row |= {
        "run": one.recording.part or None,
        "refused": ",".join(one.refused),
        "refused_because": "; ".join(f"{name}: {why}" for name, why in one.refused.items()),
        "decision": "left out" if reason or signals is None else "used",
        "reason": one.problem or reason,
        "advice": None if one.problem else advice or None,
    }
    if one.prepared is not None:
        row |= _of_plan(one.plan)
    if signals is not None:
        cleaned = signals.cleaned("filtered").coordinates
        unit = cleaned / np.linalg.norm(cleaned, axis=0)
        row |= {
            "voxels": int(signals.mask.sum()),
            "voxels_unusable": signals.notes["unusable_voxels"],
            "tsnr": float(np.median(signals.mean / signals.deviation)),
            "df_effective": signals.effective_df,
            "gcor": float((unit.mean(axis=1) ** 2).sum()),
        }
    return row


def _of_plan(plan: Any) -> dict[str, Any]:
    measured = plan.displacement is not None and np.isfinite(plan.displacement).any()
    displacement = plan.displacement[np.isfinite(plan.displacement)] if measured else None
    return {
        "volumes": len(plan.kept),
        "volumes_kept": int(plan.kept.sum()),
        "minutes_kept": plan.minutes,
        "mean_fd": None if displacement is None else float(displacement.mean()),
        "max_fd": None if displacement is None else float(displacement.max()),
        "df_res": plan.df_res,
        "df_confounds": plan.df["raw"] - plan.df["unfiltered"],
        "df_band": plan.df["unfiltered"] - plan.df["filtered"],
    }
