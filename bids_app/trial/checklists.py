"""Reporting checklists, filled as far as the record of a trial goes: what is not in it is never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bids_app.dataset import presets

UNKNOWN = "not reported"

Facts = Mapping[str, str]


def checklist(
    name: str, arms: Sequence[str], items: Mapping[str, Mapping[str, object]], facts: Facts
) -> list[dict[str, str]]:
    """Return one row an item: its number, what it asks, and the answer, of each arm where arms differ.

    Parameters
    ----------
    items : mapping
        STRICTA items of each arm by their keys; `2b_Points` answers item 2b.
    facts : mapping
        What else is known, by the words that the checklist's file uses.
    """
    content = presets.load("checklists", name)
    rows = []
    for item in content["items"]:
        known = [facts[key] for key in item.get("facts", ()) if facts.get(key)]
        row = {"item": item["item"], "asks": item["text"]}
        if content["by_arm"]:
            for arm in arms:
                found = [_answer(items.get(arm, {}), key) for key in item.get("from", ())]
                own = [facts[f"{key}:{arm}"] for key in item.get("facts", ()) if facts.get(f"{key}:{arm}")]
                row[arm] = "; ".join(filter(None, (*found, *own, *known))) or UNKNOWN
        else:
            row["answer"] = "; ".join(known) or UNKNOWN
        rows.append(row)
    return rows


def _answer(items: Mapping[str, object], key: str) -> str:
    found = [value for name, value in items.items() if name.partition("_")[0].lower() == key]
    return "; ".join(filter(None, map(format_answer, found)))


def format_answer(value: object) -> str:
    """Return a value of a JSON file in words; nothing for n/a and placeholders.

    >>> format_answer({"Value": 20, "Units": "mm"}), format_answer("n/a")
    ('Value 20, Units mm', '')
    >>> format_answer([{"Code": "GB20", "Laterality": "bilateral"}])
    'Code GB20, Laterality bilateral'
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {text}" for key, item in value.items() if (text := format_answer(item)))
    if isinstance(value, list | tuple):
        return "; ".join(filter(None, map(format_answer, value)))
    text = "" if value is None else str(value).strip()
    return "" if text.lower() in ("n/a", "...", "") else text
