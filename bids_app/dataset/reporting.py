"""Checklists of what a paper reports on recordings, answered as far as sidecars go."""

from __future__ import annotations

from collections.abc import Mapping

from bids_app.dataset import presets


def reporting_items(name: str, facts: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """Return the answers of a checklist by section and item; empty where nothing is known.

    Parameters
    ----------
    facts : mapping
        What is known by the words that the checklist's file uses; n/a and nothing count as not known.
    """
    found: dict[str, dict[str, str]] = {}
    for item in presets.load("checklists", name)["items"]:
        known = [f"{_label(key)}{_words(facts[key])}" for key in item.get("facts", ()) if _words(facts.get(key))]
        found.setdefault(item["section"], {})[item["text"]] = "; ".join(known)
    return found


def _label(key: str) -> str:
    """Return what stands before an answer: keys of BIDS say what it is, our own sentences need no name."""
    return f"{key}: " if key[:1].isupper() else ""


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {words}" for key, item in value.items() if (words := _words(item)))
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(_words, value)))
    text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value).strip()
    return "" if text.lower() in ("n/a", "") else text
