"""The comparison of arms asked in several ways: the smallest p of each, beside each other."""

from __future__ import annotations

from collections.abc import Mapping

from bids_app.vocabulary.contrast_sidecar import ContrastSidecar

Members = Mapping[str, ContrastSidecar]


def sensitivity(contrasts: Mapping[str, Members], alpha: float) -> dict[str, object] | None:
    """Return one row for each contrast between arms and one cell for each map; None for a single contrast.

    Parameters
    ----------
    contrasts : mapping
        Sidecars by contrast and map, the primary contrast first.
    """
    between = {name: members for name, members in contrasts.items() if next(iter(members.values())).between_arms}
    if len(between) < 2:
        return None
    labels = sorted({label for members in between.values() for label in members})
    rows = [
        {
            "name": name,
            "question": next(iter(members.values())).question,
            "cells": [members[label].p if label in members else None for label in labels],
        }
        for name, members in between.items()
    ]
    return {"labels": labels, "rows": rows, "alpha": alpha}
