"""What a modality hands to the measures: cleaned series in compressed form, and regions to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.grid import Grid, Mask


@dataclass(frozen=True, eq=False)
class TaskDesign:
    """What happened during a run, for models of responses.

    Attributes
    ----------
    events : mapping of text columns
        The events table; empty where there is none.
    times : (frames,)
        Seconds of each volume from the first.
    nuisance : (frames, n)
        Constant, drift, slow waves and confounds.
    displacement : (frames,) or None
        Framewise displacement, mm; NaN where it is not known.
    """

    events: Mapping[str, Sequence[str]]
    times: NDArray[np.float64]
    nuisance: NDArray[np.float64]
    displacement: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Carpet:
    """A sample of voxels before and after cleaning.

    Attributes
    ----------
    before, after : (kept frames, voxels) float32
        In standard deviations of the series before cleaning.
    dvars_before, dvars_after : (frames,)
        Root mean square step from the frame before, in percent of the mean; NaN next to censored frames.
    """

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    dvars_before: NDArray[np.float64]
    dvars_after: NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Signals:
    """Cleaned series of one run, kept as coordinates in the space that cleaning leaves.

    One matrix holds all kinds of cleaning. They are nested where one model cleans: the first rows of `coordinates`
    belong to the `filtered` series, more rows to the `unfiltered` and more again to the `raw` ones.

    Attributes
    ----------
    basis : (kept frames, n) float64
        Orthonormal basis Q of what the nuisance model leaves.
    coordinates : (n, voxels) float32
        C = Q'Y. Cleaned series are Q C; their inner products are those of the columns of C.
    rows : mapping of slice
        Rows of each kind of cleaning that was loaded: `filtered` (drift, stop band and confounds are out),
        `unfiltered` (drift and confounds are out), `raw` (the mean is out).
    kept : (frames,) bool
        False where a frame is censored.
    mask : (x, y, z) bool
        Voxels of the brain mask whose series are finite and vary; in C order they are the columns of
        `coordinates`.
    mean, deviation : (voxels,) float32
        Temporal mean and standard deviation of the kept frames before cleaning.
    smoothed : (filtered rows, voxels) float32 or None
        Coordinates of smoothed series, where smoothing (`fwhm` mm) was asked for.
    gaps_possible : bool
        True if frames are censored for motion in this analysis, whether or not this run lost any.
    skipped : int
        Frames left out at the start, before steady state.
    task : TaskDesign or None
        Given where the `raw` kind was asked for.
    threads : int
        Processors that a measure may use.
    fluid : (voxels,) or None
        Correlation of the uncleaned series with the signal of the cerebrospinal fluid.
    carpet : Carpet or None
        A sample of voxels before and after cleaning, to look at.
    effective_df : float or None
        Degrees of freedom that a correlation has where no low-pass filter has counted them; None where one has.
    """

    basis: NDArray[np.float64]
    coordinates: NDArray[np.float32]
    kept: Mask
    grid: Grid
    mask: Mask
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    repetition_time: float
    rows: Mapping[str, slice] = field(default_factory=dict)
    smoothed: NDArray[np.float32] | None = None
    fwhm: float = 0.0
    gaps_possible: bool = False
    skipped: int = 0
    task: TaskDesign | None = None
    threads: int = 1
    fluid: NDArray[np.float32] | None = None
    carpet: Carpet | None = None
    effective_df: float | None = None
    notes: Mapping[str, object] = field(default_factory=dict)

    @property
    def domain(self) -> Voxels:
        """The voxels that the columns of `coordinates` are of."""
        return Voxels(self.grid, self.mask)

    def cleaned(self, kind: str, threads: int = 1) -> Signals:
        """Return these signals in one kind of cleaning, for so many processors; no array is copied."""
        rows = self.rows.get(kind, slice(None))
        smoothed = self.smoothed if kind == "filtered" else None
        basis, coordinates = self.basis[:, rows], self.coordinates[rows]
        return replace(self, basis=basis, coordinates=coordinates, smoothed=smoothed, threads=threads)

    @property
    def targets(self) -> NDArray[np.float32]:
        """Coordinates that maps are made from: the smoothed ones where smoothing was asked for."""
        return self.coordinates if self.smoothed is None else self.smoothed

    def series(self, coordinates: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the cleaned series, (kept frames, n), of given coordinates (df_res, n)."""
        result: NDArray[np.float64] = self.basis @ coordinates.astype(np.float64)
        return result


@dataclass(frozen=True, eq=False, kw_only=True)
class Region:
    """A region of interest on the voxels of one run.

    `columns` index the voxels of `Signals` that it holds and `weights` (sum 1) average them;
    `expected` counts the voxels that it would hold with complete coverage; `network` names what it is a node of, and
    `module` the network that the table of its atlas gives it. Of a template map the weights are its values as they
    are, and `total` is the sum of their sizes with complete coverage.
    """

    name: str
    columns: NDArray[np.intp]
    weights: NDArray[np.float64]
    expected: int
    network: str = ""
    module: str = ""
    definition: Mapping[str, object] = field(default_factory=dict)
    total: float = 0.0

    @property
    def coverage(self) -> float:
        """Share of the region that the run covers, 0 to 1; of a template map by its values."""
        if self.total:
            return min(float(np.abs(self.weights).sum()) / self.total, 1.0)
        return len(self.columns) / self.expected if self.expected else 0.0
