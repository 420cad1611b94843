"""What of the host is seen inside a container: folders, and files that settings name."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bids_app.dataset.tables import read_tsv
from bids_app.errors import MissingInputError, UsageError

IMAGE = re.compile(r"^(?P<name>[^=]+=)?(?P<file>(?!templateflow:)[^#@]+\.nii(?:\.gz)?)(?P<rest>[#@].*)?$")
"""A seed or a setting that is an image: its name, the file, and the label or threshold in it."""


_OWN = {"bin", "boot", "dev", "etc", "lib", "lib64", "opt", "proc", "root", "run", "sbin", "sys", "tmp", "usr"}
_OURS = {"data", "out", "deriv", "files", "scratch"}
"""Folders of the container itself, and those that are bound."""


@dataclass
class Mounts:
    """What of the host is seen inside: (folder of the host, its place inside, whether it can be written).

    Folders to write into are made: else the engine makes them, and they belong to root. For a line that is only to be
    printed (not `real`) nothing is made or looked for.
    """

    real: bool = True
    bound: list[tuple[Path, str, bool]] = field(default_factory=list)
    here: Path | None = None
    """The folder that relative paths in a settings file start from, if it has any."""

    def folder(self, path: Path, inside: str, *, writable: bool = False) -> str:
        """Bind a folder and return its place inside.

        Raises
        ------
        MissingInputError
            If it is not there and is not to be written.
        """
        place = path.expanduser().resolve()
        if writable and self.real:
            place.mkdir(parents=True, exist_ok=True)
        elif self.real and not writable and not place.is_dir():
            raise MissingInputError(f"{path} is not a folder; nothing was started. Correct the path.")
        home = place if writable else annex_of(place) or place
        self._bind(home, inside, writable)
        return inside if home == place else f"{inside}/{place.relative_to(home)}"

    def file(self, path: Path, *, writable: bool = False) -> str:
        """Bind the folder of a file, because tables lie beside images, and return the file's place inside."""
        place = path.expanduser().absolute()  # its own name: a link of git-annex leads to one that says nothing
        if self.real and not writable and not place.is_file():
            raise MissingInputError(f"{path} is not a file; nothing was started. Correct the path.")
        if place.is_symlink() and not annex_of(place.parent.resolve()):
            place = place.resolve()
        folder = place.parent.resolve()
        known = (inside for host, inside, write in self.bound if host == folder and write >= writable)
        inside = next(known, "") or self.folder(folder, f"/files/{len(self.bound)}", writable=writable)
        return f"{inside}/{place.name}"

    def named_in(self, settings: Path) -> None:
        """Bind the folders of files that a settings file names at the places where they are, for its text stays."""
        try:
            content = tomllib.loads(settings.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            return  # deqi says what is wrong with it
        self.there(content)

    def outputs_of_studies(self, studies: Path) -> None:
        """Bind the output datasets that studies.tsv names, where its text finds them inside.

        Raises
        ------
        UsageError
            If one would lie where the container has something of its own.
        """
        table = studies / "studies.tsv"
        if not (self.real and table.is_file()):
            return
        for name in (cell.removeprefix("bids::") for cell in read_tsv(table).get("deqi", []) if cell):
            path, host = Path(os.path.normpath(Path("/data", name))), (studies / name).resolve()
            absolute = Path(name).is_absolute()
            if not host.is_dir() or (path.is_relative_to("/data") and not absolute):
                continue  # deqi says what is not there; what lies in the folder of studies is bound with it
            if path.parts[1] in (_OURS if absolute else _OURS | _OWN):
                raise UsageError(
                    f"{table} names {name}, which would be {path} in the container, where something else is. Move it, "
                    "or put it into the folder of studies."
                )
            self._bind(host, str(path))

    def there(self, content: object) -> None:
        """Bind what texts name at the places where it is."""
        for word in _texts(content):
            found = IMAGE.match(word)
            path = Path(found["file"] if found else _before_entities(word))
            if path.is_absolute() and path.exists():
                folder = path if path.is_dir() else path.parent
                self._bind(folder.resolve(), str(folder))
            elif path.is_file() or (path.is_dir() and "/" in word):
                self.here = Path.cwd()
                self._bind(self.here, str(self.here))

    def _bind(self, host: Path, inside: str, writable: bool = False) -> None:
        if (host, inside, writable) not in self.bound:  # engines refuse one place twice
            self.bound.append((host, inside, writable))


def _before_entities(word: str) -> str:
    """Return the folder that a pattern with entities in braces begins with, or the word itself.

    >>> _before_entities("/study/physio/sub-{sub}/phys.tsv"), _before_entities("/study/seed.txt")
    ('/study/physio', '/study/seed.txt')
    """
    fixed = re.split(r"[{\[]", word, maxsplit=1)[0]
    return word if fixed == word else fixed.rpartition("/")[0]


def annex_of(folder: Path) -> Path | None:
    """Return the DataLad dataset around a folder: its files are links to contents under the `.git` at its top."""
    return next((p for p in (folder, *folder.parents) if (p / ".git" / "annex").is_dir()), None)


def _texts(value: object) -> Iterator[str]:
    """Yield every text in a settings file."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
