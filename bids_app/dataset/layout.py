"""What lies where in a derivative dataset of fMRIPrep: a walk over the folders in question alone."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bids_app.dataset.tables import read_json, stands
from bids_app.errors import DeqiError, InvalidBidsError, MissingInputError
from bids_app.vocabulary.entities import DATATYPES, parse, plain, within
from bids_app.vocabulary.selection import PREPROCESSED

VOLUMES = (".nii", ".nii.gz")

_LEGACY = (
    (re.compile(r"_bold_space-"), "_space-"),
    (re.compile(r"_preproc\.(?=nii|json)"), "_desc-preproc_bold."),
    (re.compile(r"_brainmask\.(?=nii|json)"), "_desc-brain_mask."),
    (re.compile(r"_bold_confounds\.tsv$"), "_desc-confounds_timeseries.tsv"),
    (re.compile(r"_desc-confounds_regressors\.tsv$"), "_desc-confounds_timeseries.tsv"),
)
"""Names of fMRIPrep 1.x, and today's."""

_OLD = re.compile(r"_bold_|_preproc\.|_brainmask\.|_regressors\.")


def modern_name(name: str) -> str:
    """Return the name that today's fMRIPrep would give a file.

    >>> modern_name("sub-01_task-rest_bold_space-MNI152NLin2009cAsym_preproc.nii.gz")
    'sub-01_task-rest_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz'
    """
    if _OLD.search(name):  # one look for the many names that are today's already
        for old, new in _LEGACY:
            name = old.sub(new, name)
    return name


def participants_in(root: Path) -> list[str]:
    """Return the labels of folders `sub-<label>`, sorted; none where there is no folder."""
    if not root.is_dir():
        return []
    with os.scandir(root) as entries:
        return sorted(e.name[4:] for e in entries if e.name.startswith("sub-") and _is_folder(e))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def names_in(folder: str | Path) -> list[str]:
    """Return what lies in a folder, sorted; nothing where there is no folder."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  (half the time of Path, and of thousands of folders)
    except (FileNotFoundError, NotADirectoryError):
        return []


class Folder(NamedTuple):
    """A folder, what lies in it, sorted, and why that cannot be told, if it cannot."""

    path: str
    names: list[str]
    problem: str = ""


def _looked_into(path: str) -> Folder:
    try:
        return Folder(path, names_in(path))
    except OSError as error:
        return Folder(path, [], f"{path} cannot be looked into ({error.strerror})")


def scan_folders(root: Path, participant: str, datatype: str = "func") -> Iterator[Folder]:
    """Yield the folders of a datatype of one participant, in all sessions; one that cannot be read has a problem."""
    person = _looked_into(f"{root}/sub-{participant}")
    if person.problem:
        yield person
    places = [f"{person.path}/{datatype}"] if datatype in person.names else []
    places += [f"{person.path}/{name}/{datatype}" for name in person.names if name.startswith("ses-")]
    yield from map(_looked_into, places)


def scan_files(root: Path, participant: str, *datatypes: str) -> Iterator[Path]:
    """Yield the files in folders of some datatypes (all, if none are named) of one participant, sorted by session."""
    for datatype in datatypes or DATATYPES:
        for folder in scan_folders(root, participant, datatype):
            yield from (Path(folder.path, name) for name in folder.names)


def read_description(root: Path) -> Mapping[str, object]:
    """Return dataset_description.json as far as it can be read; nothing otherwise."""
    try:
        return read_json(root / "dataset_description.json")
    except DeqiError:
        return {}


def check_description(root: Path) -> Mapping[str, object]:
    """Return dataset_description.json.

    Raises
    ------
    MissingInputError
        If the folder does not exist.
    InvalidBidsError
        If the description is absent or lacks what BIDS requires.
    """
    if not root.is_dir():
        raise MissingInputError(f"{root} is not a folder; expected a BIDS dataset.")
    path = root / "dataset_description.json"
    if not stands(path):
        raise InvalidBidsError(
            f"{root} has no dataset_description.json, so it is not a BIDS dataset. Write one with "
            '{"Name": "...", "BIDSVersion": "1.9.0"}, or pass --skip-bids-validation.'
        )
    description = read_json(path)
    for key in ("Name", "BIDSVersion"):
        if key not in description:
            raise InvalidBidsError(
                f"{path} lacks {key!r}, which BIDS requires. Add it, or pass --skip-bids-validation."
            )
    return description


def named(words: Iterable[str]) -> tuple[tuple[str, Path], ...]:
    """Return derivative datasets given as `NAME=PATH`; a bare path is named after its folder.

    >>> named(["fmriprep=/deriv", "/data/halfpipe"])
    (('fmriprep', PosixPath('/deriv')), ('halfpipe', PosixPath('/data/halfpipe')))
    """
    pairs = []
    for word in words:
        name, equals, path = word.partition("=")
        pairs.append((name, Path(path)) if equals else (Path(word).name or "fmriprep", Path(word)))
    return tuple(pairs)


def derivative_roots(
    bids_dir: Path, given: Iterable[tuple[str, Path]], patterns: Sequence[str] = ("fmriprep*",)
) -> dict[str, Path]:
    """Return derivative datasets by name: those given, else those found in or at `bids_dir`.

    Parameters
    ----------
    patterns : sequence of str
        Names of the folders in `derivatives/` that are looked for.

    Raises
    ------
    MissingInputError
        If a given one does not exist.
    """
    roots = dict(given)
    for name, root in roots.items():
        if not root.is_dir():
            raise MissingInputError(f"--derivatives {name}={root}: there is no such folder.")
    if roots:
        return roots
    found = sorted({p for pattern in patterns for p in bids_dir.glob(f"derivatives/{pattern}") if p.is_dir()})
    if found:
        return {path.name: path for path in found}
    name = next(iter(patterns)).rstrip("*")
    return {name: bids_dir} if _holds_derivatives(bids_dir) else {}


def _holds_derivatives(root: Path) -> bool:
    """Tell whether a dataset is itself a derivative one, by its description or by its first runs."""
    if read_description(root).get("DatasetType") == "derivative":
        return True
    for participant in participants_in(root)[:3]:
        if any(is_series(file.name) for file in scan_files(root, participant, "func")):
            return True
    return False


def is_surface(name: str) -> bool:
    """Tell whether a file is a preprocessed series on a surface (GIFTI, CIFTI)."""
    _, suffix, extension = parse(name)
    return suffix == "bold" and extension in (".func.gii", ".dtseries.nii", ".ptseries.nii")


def series_entities(name: str, desc: str = PREPROCESSED) -> dict[str, str] | None:
    """Return the entities of a preprocessed volumetric series; None for any other file.

    Labels of template and resolution are brought into one form (`res-02` is `res-2`): analyses go by them.
    """
    if ".nii" not in name:
        return None
    entities, suffix, extension = parse(modern_name(name))
    if suffix != "bold" or entities.get("desc") != desc or extension not in VOLUMES:
        return None
    return {key: plain(key, value) if key in ("res", "cohort") else value for key, value in entities.items()}


def is_series(name: str) -> bool:
    """Tell whether a file is a preprocessed volumetric series."""
    return series_entities(name) is not None


def inherited(
    root: Path,
    entities: Mapping[str, str],
    suffix: str,
    extension: str,
    listed: Callable[[str], list[str]],
    datatype: str = "func",
) -> list[Path]:
    """Return the files of a kind that apply to a run by BIDS inheritance, the most general first.

    Parameters
    ----------
    entities : mapping
        Those of the run; a file with some of them, and no other, applies to it.
    listed : callable
        Folder -> what lies in it.
    """
    person = f"{root}/sub-{entities['sub']}"
    session = f"{person}/ses-{entities['ses']}" if "ses" in entities else person
    found = []
    for folder in dict.fromkeys((str(root), person, session, f"{session}/{datatype}")):
        fitting = []
        for name in listed(folder):
            if name.endswith((f"{suffix}{extension}", f"_preproc{extension}")):  # one look for the many others
                own, kind, ending = parse(modern_name(name))
                if kind == suffix and ending == extension and within(own, entities):
                    fitting.append((len(own), name))
        found += [Path(folder, name) for _, name in sorted(fitting)]
    return found
