"""The settings as a commented TOML file that can be fed back in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from bids_app.vocabulary.options import Options
from bids_app.vocabulary.options.describe import Doc, describe


def to_toml(
    tables: Mapping[str, tuple[type[Options], Mapping[str, object]]],
    heading: Iterable[str],
    questions: Mapping[str, str] = {},
) -> str:
    """Return TOML text: every option with its meaning and unit as a comment.

    Parameters
    ----------
    tables : mapping
        Options class and values by the name of the table, e.g. `modalities.fmri`.
    questions : mapping of str
        By the full name of an option: what is not sure about its value.
    """
    lines = [f"# {line}" for line in heading]
    for name, (options, values) in tables.items():
        lines += ["", f"[{'.'.join(map(_key, name.split('.')))}]"]
        for option in describe(options):
            value = values.get(option.name, option.default)
            # TOML has no word for nothing.
            said = f"# {option.name} =" if value is None else f"{option.name} = {_value(value)}"
            asked = questions.get(f"{name}.{option.name}")
            if asked and value == option.default:  # nothing was found: the owner of the data must fill it in
                said = f"# {said}"
            lines += [f"# {_sentence(option.doc)}", *([f"# QUESTION: {asked}"] if asked else []), said]
    return "\n".join(lines) + "\n"


def _key(word: str) -> str:
    """Return a part of a name as TOML has it: in quotes where it has other signs than letters, digits, - and _."""
    return word if re.fullmatch(r"[A-Za-z0-9_-]+", word) else json.dumps(word, ensure_ascii=False)


def _sentence(doc: Doc) -> str:
    return f"{doc.text} [{doc.unit}]" if doc.unit else doc.text


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{_value(key)} = {_value(own)}" for key, own in value.items()) + " }" if value else "{}"
        )
    # JSON texts, numbers, truth values and arrays of them are TOML as well.
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
