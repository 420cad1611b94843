"""Words and labels that are nearly the same: an arm in capitals, an identifier without its zeros."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from bids_app.errors import UsageError, WrongDataError


def folded(word: str) -> str:
    """Return a word without case and blanks.

    >>> folded("Real  Needle") == folded("real needle ")
    True
    """
    return "".join(word.lower().split())


def bare(label: str) -> str:
    """Return an identifier without `sub-`, case and leading zeros of its numbers.

    >>> bare("sub-001"), bare("S01"), bare("1")
    ('1', 's1', '1')
    """
    return re.sub(r"(?<!\d)0+(?=\d)", "", folded(label).removeprefix("sub-"))


def one_letter_apart(one: str, other: str) -> bool:
    """Tell whether two words differ by a letter that is another, missing or added.

    >>> one_letter_apart("verum1", "verum"), one_letter_apart("verum", "sham")
    (True, False)
    """
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or one == other:
        return False
    place = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    rest = short[place + (len(short) == len(long)) :]
    return rest == long[place + 1 :]


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that a word is probably meant to be, but for case, blanks or one letter; or nothing."""
    words = list(known)
    same = [one for one in words if folded(one) == folded(word)]
    near = [one for one in words if len(one) > 2 and one_letter_apart(folded(one), folded(word))]
    return next(iter([*same, *near]), "")


def unmatched(known: Collection[str], others: Iterable[str], where: str, table: str) -> list[str]:
    """Return the labels of another table that no row of a table of participants belongs to.

    Raises
    ------
    WrongDataError
        If one differs from an unused label by zeros, case or `sub-` alone: the participants are the same and would be
        lost.
    """
    rest = sorted(set(others) - set(known))
    alike = {bare(label): label for label in known if label not in set(others)}
    if pairs := [(label, alike[bare(label)]) for label in rest if bare(label) in alike]:
        said = ", ".join(f"{own!r} for {label!r}" for label, own in pairs[:5])
        more = f" and {len(pairs) - 5} more" if len(pairs) > 5 else ""
        raise WrongDataError(
            f"{table} has {said}{more} of {where}: identifiers that differ by leading zeros, case or 'sub-' alone. "
            f"Write them in {table} as they stand there (spreadsheets drop zeros: make the column text)."
        )
    return rest


def require_distinct(labels: Iterable[tuple[str, str]], what: str) -> None:
    """Make sure that labels which become file names differ, also where case does not count.

    Parameters
    ----------
    labels : iterable of (label, said)
        Label, and what it is of.

    Raises
    ------
    UsageError
        If two are the same.
    """
    seen: dict[str, str] = {}
    for label, said in labels:
        if label.lower() in seen:
            raise UsageError(
                f"{what} {seen[label.lower()]!r} and {said!r} would have one file name ({label}); rename one of them."
            )
        seen[label.lower()] = said
