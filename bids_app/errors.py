"""What can go wrong for a user: a small tree, each branch with its BIDS exit code."""

from __future__ import annotations

from collections.abc import Iterable


class DeqiError(Exception):
    """Base of every error that a user can cause or mend; printed without a traceback.

    Messages say what was found, what was expected and what to do.
    """

    exit_code = 1


class UsageError(DeqiError):
    """The command line or a settings file cannot be understood."""

    exit_code = 64


class InvalidBidsError(DeqiError):
    """The input dataset breaks BIDS in a way that stops the analysis."""

    exit_code = 16


class AnalysisLevelError(UsageError):
    """The third positional is neither `participant` nor `group`."""

    exit_code = 17


class NothingSelectedError(DeqiError):
    """The filters are valid but no file matches them."""

    exit_code = 18


class WrongDataError(DeqiError):
    """A file is readable but its content cannot be used."""

    exit_code = 65


class NothingToCompareError(WrongDataError):
    """Nobody was scanned as often as a design needs, as with a task that belongs to one session alone."""


class NotMeasurableError(DeqiError):
    """A measure has no meaning for this run; the other measures go on."""


class MissingInputError(DeqiError):
    """A needed file is absent, empty or unreadable."""

    exit_code = 66


class OutputError(DeqiError):
    """An output file or folder cannot be created."""

    exit_code = 73


def suggest(word: str, known: Iterable[str]) -> str:
    """Return a question with the known word that is nearest, or all of them.

    >>> suggest("PCCC", ["PAG", "PCC"])
    "did you mean 'PCC'?"
    """
    # Imported here: this module is loaded by --help, and most runs misspell nothing.
    from difflib import get_close_matches

    words = sorted(known)
    near = get_close_matches(word, words, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(words) or 'none yet'}."
