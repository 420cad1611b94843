"""Presets that lie beneath the settings: seeds of a condition, and profiles of how data are cleaned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bids_app.dataset import presets
from bids_app.dataset.tables import Json


def with_presets(tables: Json) -> Json:
    """Return settings tables with those of their condition and profile beneath: whatever is written down wins.

    Raises
    ------
    UsageError
        If there is no such preset.
    """
    dataset = tables.get("dataset", {})
    if name := dataset.get("preset", ""):
        preset = presets.load("conditions", str(name))
        own = {
            "seed_correlation": {"seeds": preset["seeds"]},
            "network_coherence": {"networks": preset["networks"]},
            "parcel_correlation": {"pairs": preset["pairs"]},
        }
        tables = _beneath({"measures": own}, tables)
    if name := dataset.get("profile", ""):
        tables = _beneath(presets.load("profiles", str(name))["settings"], tables)
    return tables


def _beneath(defaults: Json, tables: Json) -> dict[str, Any]:
    """Return tables with what they lack taken from the defaults."""
    merged = {**defaults, **tables}
    for key in defaults.keys() & tables.keys():
        if isinstance(defaults[key], Mapping) and isinstance(tables[key], Mapping):
            merged[key] = _beneath(defaults[key], tables[key])
    return merged


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
            f"  measures  {', '.join(preset['measures'])} (of the reports below; ask for them with --measures)",
            f"  scale     {preset['scale']['name']} ({preset['scale']['citation']})",
            *(f"  reported  {citation}" for citation in preset["citation"]),
            f"  remark    {preset['remarks']}",
            "",
        ]
    return "\n".join(lines)
