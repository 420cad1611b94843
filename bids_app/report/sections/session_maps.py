"""Maps of one session drawn on its mean image: a picture for the page, a file beside it, and a map for the viewer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bids_app.dataset.tables import read_json
from bids_app.dataset.volumes import read_map
from bids_app.derivatives.atomic import write_bytes
from bids_app.report import html, viewer
from bids_app.report.drawing import mosaic
from bids_app.report.messages import _
from bids_app.vocabulary.grid import Mask


@dataclass(frozen=True, eq=False)
class Canvas:
    """The mean image of a session.

    Attributes
    ----------
    name : str
        What the session is called on the page.
    folder : Path
        Where pictures are written.
    mean : Path
    """

    name: str
    folder: Path
    mean: Path

    @cached_property
    def _underlay(self) -> mosaic.Underlay:
        return mosaic.underlay(*read_map(self.mean))

    def background(self) -> str:
        """Return the mean image for the viewer."""
        return viewer.background(*read_map(self.mean))

    def draw(
        self, path: Path, title: str, scale: tuple[float, float], unit: str, outlined: Mask | None = None
    ) -> dict[str, Any]:
        """Draw a map file.

        Parameters
        ----------
        title : str
            What the map is called in the viewer, after the session.
        scale : (floor, limit)
            Magnitude drawn, and that of the brightest colour.
        outlined : (x, y, z) bool, optional
            Drawn as a green outline.
        """
        values, grid = read_map(path)
        stem = path.name.removesuffix(".nii.gz")
        png = mosaic.mosaic(self._underlay, values, grid, scale, seed=outlined)
        write_bytes(self.folder / f"{stem}.png", png)
        about = read_json(path.with_name(f"{stem}.json"))
        words = {"id": stem, "title": f"{self.name}: {title}", "unit": unit,
                 "note": _("%(description)s Not tested.", description=about.get("Description", ""))}  # fmt: skip
        return {
            "id": stem, "picture": html.address(self.folder / f"{stem}.png", self.folder.parents[1]), "about": about,
            "view": viewer.view(values, grid, scale, words, below=self.name),
        }  # fmt: skip
