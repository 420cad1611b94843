"""One table of the settings as a validated value of its options."""

from __future__ import annotations

from dataclasses import fields
from typing import TypeVar, get_origin, get_type_hints

from bids_app.errors import UsageError, suggest
from bids_app.vocabulary.options import Options
from bids_app.vocabulary.options.describe import written

_O = TypeVar("_O", bound=Options)


def validate(options: type[_O], table: object, where: str) -> _O:
    """Return an options value from a table of the settings.

    Raises
    ------
    UsageError
        For an unknown option (the message names the nearest valid one), or a value of the wrong type or out of bounds.
    """
    if not isinstance(table, dict):
        raise UsageError(f"[{where}] holds {table!r}; expected a table of options.")
    if not table:
        try:
            return options()
        except ValueError as error:  # a table that must say something
            raise UsageError(f"{where}: {error}.") from error
    # pydantic costs a fifth of a second: only those pay who change something.
    from pydantic import TypeAdapter, ValidationError

    known = {written(f.name): f.name for f in fields(options)}
    for key in table:
        if key not in known:
            raise UsageError(f"{where}.{key} is not an option; {suggest(key, list(known))}")
    table = {known[key]: value for key, value in table.items()}
    hints = get_type_hints(options)
    # One value stands for a list of one: --set designs.parallel_prepost.covariates=age
    several = {key for key in table if get_origin(hints[key]) is tuple}
    table = {k: [v] if k in several and not isinstance(v, list | tuple) else v for k, v in table.items()}
    try:
        return TypeAdapter(options).validate_python(table)
    except ValidationError as error:
        problem = error.errors()[0]
        if not problem["loc"]:  # options that exclude each other
            raise UsageError(f"{where}: {problem['msg'].removeprefix('Value error, ')}.") from error
        name = ".".join(str(part) for part in problem["loc"][:1])
        raise UsageError(f"{where}.{written(name)} = {table.get(name)!r}: {problem['msg'].lower()}.") from error
