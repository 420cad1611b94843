"""A seed as it was asked for, before anybody knows the voxels that it covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RegionRequest:
    """Regions that a measure asks for: words in the grammar of `--seeds`, the labels of an atlas, networks, or nothing.

    `name` is what the set is called in file names (`seg`, `atlas`); `networks` are sets of nodes by name, whose
    regions know which network they belong to; `maps` is a file of template maps (None: none is asked for).
    """

    name: str = "seeds"
    words: tuple[str, ...] = ()
    radius: float = 6.0
    atlas: str = ""
    networks: tuple[str, ...] = ()
    maps: str | None = None


Sphere = tuple[float, float, float, float]
"""Centre x, y, z and radius, mm."""


OWN = "command line"
"""Source of what users define themselves."""


def is_mni152(space: str) -> bool:
    """Tell whether a template has the coordinates that the literature means: an adult brain, MNI152.

    >>> is_mni152("MNI152NLin6Asym"), is_mni152("MNIInfant"), is_mni152("MNIPediatricAsym+5")
    (True, False, False)
    """
    return space.startswith("MNI152")


@dataclass(frozen=True, kw_only=True)
class Seed:
    """Spheres in MNI space, a mask or probability file, or labels of an atlas.

    `spheres` are joined; `file` belongs to masks and atlases, `label` (numbers or names, joined by `+`) to atlases, and
    `threshold` to probability maps, whose voxels above it count by their value. `source` is where the seed comes from:
    a citation, or "command line".
    """

    name: str
    spheres: tuple[Sphere, ...] = ()
    file: str = ""
    label: str = ""
    threshold: float | None = None
    source: str = OWN
    network: str = ""

    @property
    def published(self) -> bool:
        """Whether its centres are published ones, in MNI152 millimetres; those of users are of the data's space."""
        return bool(self.spheres) and self.source != OWN

    def definition(self) -> dict[str, object]:
        """Return the definition as it stands in sidecars."""
        if len(self.spheres) == 1:
            ((x, y, z, radius),) = self.spheres
            return {"Centre": [x, y, z], "Radius": radius, "Units": "mm", "Source": self.source}
        if self.spheres:
            spheres = [{"Centre": [x, y, z], "Radius": radius} for x, y, z, radius in self.spheres]
            return {"Spheres": spheres, "Units": "mm", "Source": self.source}
        if self.threshold is not None:
            return {"File": self.file, "WeightedAbove": self.threshold, "Source": self.source}
        return {"File": self.file, "Label": self.label or "all above 0.5", "Source": self.source}
