"""Records that are written as JSON and read back: fields in the case of Python, keys in that of BIDS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

SPELT = {
    "sha256": "SHA256", "fwhm_in_voxels": "FWHMInVoxels", "clusters_by_spm": "ClustersBySPM",
    "connectivity_tfce": "ConnectivityTFCE",
}  # fmt: skip
"""Keys that the rule does not give."""


def key_of(name: str) -> str:
    """Return the key of a field.

    >>> key_of("smallest_possible_p"), key_of("sha256")
    ('SmallestPossibleP', 'SHA256')
    """
    return SPELT.get(name) or "".join(part.capitalize() for part in name.split("_"))


class JsonRecord:
    """What dataclasses that are sidecars, or parts of them, inherit."""

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON knows it, without what may be absent and is."""
        own = {one: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]
        there = {one.name: value for one, value in own.items() if value is not None or one.default is not None}
        return {key_of(name): _plain(value) for name, value in there.items()}

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        """Return the record that a sidecar carries; keys that are none of its fields are passed over.

        Raises
        ------
        TypeError
            If a key without a default is absent.
        """
        hints = get_type_hints(cls)
        own = fields(cls)  # type: ignore[arg-type]
        known = {one.name: key_of(one.name) for one in own}
        needed = (known[one.name] for one in own if one.default is MISSING and one.default_factory is MISSING)
        if absent := [key for key in needed if key not in about]:
            raise TypeError(f"{absent[0]} is absent{f', and {len(absent) - 1} more' if len(absent) > 1 else ''}")
        return cls(**{name: _typed(about[key], hints[name]) for name, key in known.items() if key in about})


def _plain(value: Any) -> Any:
    if isinstance(value, JsonRecord):
        return value.to_json()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _typed(value: Any, hint: Any) -> Any:
    """Return a JSON value as the type of a field asks for it: tuples for lists, records for their keys."""
    if get_origin(hint) in (Union, UnionType):
        return None if value is None else _typed(value, next(one for one in get_args(hint) if one is not type(None)))
    if get_origin(hint) is Mapping:
        return {key: _typed(one, get_args(hint)[1]) for key, one in value.items()}
    if get_origin(hint) is tuple:
        return tuple(_typed(one, get_args(hint)[0]) for one in value)
    if isinstance(hint, type) and issubclass(hint, JsonRecord):
        return hint.from_json(value)
    return value
