"""What can go wrong for a user: a small tree, each branch with its BIDS exit code."""

from __future__ import annotations

from collections.abc import Iterable

IO_ERROR = 74
"""Exit code of the BIDS execution spec for trouble with files that no message of ours foresaw."""


class DeqiError(Exception):
    """Base of every error that a user can cause or correct; printed without a traceback.

    Messages say what was found, what was expected and what to do. Each class has a part of the page of errors in the
    documentation, made from its docstring: what it means, and under `Remedy` what usually helps.
    """

    exit_code = 1

    @property
    def anchor(self) -> str:
        """Where the documentation speaks of it: `WrongDataError` is `wrong-data`."""
        name = type(self).__name__.removesuffix("Error")
        return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


class UsageError(DeqiError):
    """The command line or a settings file cannot be understood.

    Remedy
    ------
    The message names the word and the nearest one that is known. `deqi --help` lists the options, `deqi
    BIDS_DIR --init-config analysis.toml` writes every setting with its meaning. Options given at the group
    level must not contradict those that the maps were made with.
    """

    exit_code = 64


class InvalidBidsError(DeqiError):
    """The input dataset breaks BIDS in a way that stops the analysis.

    Remedy
    ------
    Usually `dataset_description.json` is missing or not JSON, or the folder is not the dataset but one above or
    below it. `--skip-bids-validation` goes on without a valid description.
    """

    exit_code = 16


class AnalysisLevelError(UsageError):
    """The third positional is neither `participant` nor `group`.

    Remedy
    ------
    `deqi BIDS_DIR OUTPUT_DIR participant` first, then `deqi BIDS_DIR OUTPUT_DIR group`. Options that take
    several values swallow words that follow them: put the three positionals first.
    """

    exit_code = 17


class NothingSelectedError(DeqiError):
    """The filters are valid but no file matches them.

    Remedy
    ------
    The message says what is there. Look at `--participant-label`, `--session-label`, `--task-id`, `--space` and
    the filter file, and whether fMRIPrep wrote series in a standard space (`--output-spaces`).
    """

    exit_code = 18


class WrongDataError(DeqiError):
    """A file is readable but its content cannot be used.

    Remedy
    ------
    The message names the file, what it holds and what was expected: a covariate without values, arms called
    otherwise, grids that differ, a repetition time that is missing, maps made with different settings.
    """

    exit_code = 65


class NothingToCompareError(WrongDataError):
    """No one was scanned as often as a design needs, as with a task that belongs to one session alone.

    Remedy
    ------
    Compare another task (`--task-id`), or take a design that needs fewer sessions, such as `post_only`.
    """


class NotMeasurableError(DeqiError):
    """A measure has no meaning for this run; the other measures go on.

    Remedy
    ------
    Nothing is wrong with the rest. The reason stands on the page of the participant; leave the measure out with
    `--measures`.
    """


class MissingInputError(DeqiError):
    """A needed file is absent, empty or unreadable.

    Remedy
    ------
    A file of 0 bytes or a dangling link of DataLad wants `datalad get PATH`. A file that breaks off wants
    copying again. An atlas that is not on this machine is never downloaded: give its path. No derivatives:
    `--preproc print` shows the command.
    """

    exit_code = 66


class OutputError(DeqiError):
    """An output file or folder cannot be created.

    Remedy
    ------
    Is the disk full, the folder read-only, or owned by someone else (in a container: `-u "$(id -u):$(id
    -g)"`)? The output must not lie inside the input's own folders. Finished work is kept.
    """

    exit_code = 73


class UnavailableError(DeqiError):
    """What the work should run on does not answer, or is gone.

    Remedy
    ------
    Is the Dask scheduler still running, and can this machine reach it? Workers need the same version of deqi and must
    see BIDS_DIR and OUTPUT_DIR under the same paths. Finished work is kept; the same command goes on from there.
    """

    exit_code = 75


def kinds() -> dict[str, type[DeqiError]]:
    """Return every kind of error by the name of its part of the documentation."""
    found, known = [DeqiError], dict[str, type[DeqiError]]()
    while found:
        own = found.pop(0)
        known[own().anchor] = own
        found += own.__subclasses__()
    return known


def explanation(anchor: str) -> str:
    """Return what the documentation says of a kind of error, as text.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    from inspect import cleandoc

    known = {name: kind for name, kind in kinds().items() if kind is not DeqiError}
    if anchor not in known:
        raise UsageError(f"--explain {anchor}: {suggest(anchor, known)}")
    kind = known[anchor]
    meaning, _, remedy = cleandoc(kind.__doc__ or "").partition("Remedy\n------\n")
    return f"{anchor} (exit code {kind.exit_code})\n\n{meaning.strip()}\n\nWhat to do: {remedy.strip()}\n"


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
