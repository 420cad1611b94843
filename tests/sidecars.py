"""Sidecars as the group level writes them, of results that a test makes up."""

from __future__ import annotations

from bids_app.vocabulary.contrast_sidecar import ContrastSidecar


def contrast(**facts):
    """Return the sidecar of a contrast of verum and sham; `facts` are what matters to a test."""
    plain = {
        "measure": "seed_correlation", "outcome": "Fisher z", "units": "", "labels": "", "noun": "connectivity",
        "definite": False, "question": "Does connectivity differ?", "found": "connectivity differs",
        "absent": "no difference was shown", "compared": ("verum", "sham"), "sign": "positive = larger in verum",
        "primary": True, "step": "", "association": "", "plan": None, "between_arms": True, "arm": "", "change": False,
        "statistics": {}, "standardised": "Hedges g", "statistic": "t", "participants": 20,
        "participants_by_arm": {"verum": 10, "sham": 10}, "degrees_of_freedom": 17, "voxels": 81, "restricted_to": (),
        "scheme": "rerandomise", "relabellings": 1000, "relabellings_possible": "184756", "exhaustive": False,
        "random_seed": 1, "relabellings_hash": "", "smallest_possible_p": 0.001, "sides": "both",
        "cluster_forming_p": 0.001, "cluster_forming_t": 3.97, "connectivity": 26, "cluster_mass": "", "alpha": 0.05,
        "claim_statistic": "mass", "family": "seeds", "family_members": 1, "smallest_p": {}, "smallest_p_limits": {},
        "smallest_joint_p": {"mass": 1.0}, "smallest_joint_p_limits": {"mass": [1.0, 1.0]},
        "families_of_this_contrast": 1, "holm_p": 1.0,
    }  # fmt: skip
    return ContrastSidecar(**{**plain, **facts})
