"""Condition presets: seeds, networks and pairs that the literature proposes, as defaults of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bids_app.dataset import presets


def with_preset(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return settings tables with those of their condition preset beneath: whatever is written down wins.

    Raises
    ------
    UsageError
        If there is no such preset.
    """
    name = tables.get("dataset", {}).get("preset", "")
    if not name:
        return tables
    preset = presets.load("conditions", str(name))
    beneath = {
        "seed_correlation": {"seeds": preset["seeds"]},
        "network_coherence": {"networks": preset["networks"]},
        "parcel_correlation": {"pairs": preset["pairs"]},
    }
    given = tables.get("measures", {})
    return {**tables, "measures": {**given, **{key: {**own, **given.get(key, {})} for key, own in beneath.items()}}}


def listing() -> str:
    """Return all condition presets in words, for `--preset list`."""
    lines = []
    for name in presets.names("conditions"):
        preset = presets.load("conditions", name)
        lines += [
            f"{name}: {preset['description']} ({preset['status']})",
            f"  seeds     {', '.join(preset['seeds'])}",
            f"  networks  {', '.join(preset['networks'])}",
            f"  pairs     {', '.join(preset['pairs'])}",
            f"  scale     {preset['scale']['name']} ({preset['scale']['citation']})",
            *(f"  reported  {citation}" for citation in preset["citation"]),
            f"  remark    {preset['remarks']}",
            "",
        ]
    return "\n".join(lines)
