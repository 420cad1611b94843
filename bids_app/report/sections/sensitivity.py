"""The comparison of arms asked in several ways: the smallest p of each, beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Members = Mapping[str, Mapping[str, Any]]


def sensitivity(contrasts: Mapping[str, Members], alpha: float) -> dict[str, Any] | None:
    """Return one row for each contrast between arms and one cell for each map; None for a single contrast.

    Parameters
    ----------
    contrasts : mapping
        Sidecars by contrast and map, the primary contrast first.
    """
    between = {name: members for name, members in contrasts.items() if next(iter(members.values()))["BetweenArms"]}
    if len(between) < 2:
        return None
    labels = sorted({label for members in between.values() for label in members})
    rows = [
        {
            "name": name,
            "question": next(iter(members.values()))["Question"],
            "cells": [_smallest_p(members.get(label)) for label in labels],
        }
        for name, members in between.items()
    ]
    return {"labels": labels, "rows": rows, "alpha": alpha}


def _smallest_p(about: Mapping[str, Any] | None) -> float | None:
    return None if about is None else float(about["SmallestJointP"][about["ClaimStatistic"]])
