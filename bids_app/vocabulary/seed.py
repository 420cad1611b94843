"""A seed as it was asked for, before anybody knows the voxels that it covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """Regions that a measure asks for: words in the grammar of `--seeds`, the labels of an atlas, networks, or nothing.

    `name` is what the set is called in file names (`seg`, `atlas`); `networks` are sets of nodes by name, whose
    regions know which network they belong to.
    """

    name: str = "seeds"
    words: tuple[str, ...] = ()
    radius: float = 6.0
    atlas: str = ""
    networks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seed:
    """A sphere in MNI space, a mask file, or one label of an atlas.

    `centre` (mm) and `radius` (mm) belong to spheres; `file` to masks and atlases; `label` (number or
    name) to atlases. `source` is where it comes from: a citation, or "command line".
    """

    name: str
    centre: tuple[float, float, float] | None = None
    radius: float = 0.0
    file: str = ""
    label: str = ""
    source: str = "command line"
    network: str = ""

    def definition(self) -> dict[str, object]:
        """Return the definition as it stands in sidecars."""
        if self.centre is not None:
            return {"Centre": list(self.centre), "Radius": self.radius, "Units": "mm", "Source": self.source}
        return {"File": self.file, "Label": self.label or "all above 0.5", "Source": self.source}
