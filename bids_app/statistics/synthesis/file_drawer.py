"""How many studies that found something elsewhere a cluster bears: noise is added until it no longer passes.

Acar 2018, doi:10.1371/journal.pone.0208177, with the foci of noise anywhere in the brain. Likelihoods of many studies
are joined as sums: -log(1 - ALE) is the sum of -log(1 - MA) over experiments, whose histograms are convolved by their
spectra.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.synthesis.coordinate_null import Redraws, anywhere, redrawn
from bids_app.statistics.synthesis.coordinate_statistics import Likelihood
from bids_app.statistics.synthesis.coordinates import Brain, Experiment, Floats, Floats32, Rooms, statistic_map

MOST = 10
"""Times the observed experiments: more noise is not tried."""

STEP = 1.15
"""From one number of added studies to the next."""

COARSE = 5
"""Numbers that share one null: extents by chance hardly depend on how many studies there are."""

WIDTH, LENGTH = 1e-5, 1 << 17
"""Width of the bins of -log(1 - likelihood), and how many there are: sums stay far below their end."""


def spectrum(activation: Floats32) -> NDArray[np.complex128]:
    """Return the spectrum of the histogram of -log(1 - MA) of one experiment, whose MA is (voxels,)."""
    near = activation[activation > 0].astype(np.float64)
    counts = np.bincount(np.rint(-np.log1p(-near) / WIDTH).astype(np.int64), minlength=1)
    counts[0] += activation.size - near.size
    return np.asarray(np.fft.rfft(counts / activation.size, LENGTH))


def threshold_of(product: NDArray[np.complex128], p: float) -> float:
    """Return the likelihood of which a voxel has p, from the product, (waves,), of the spectra of all experiments."""
    tail = np.cumsum(np.fft.irfft(product, LENGTH)[::-1])[::-1]
    return float(-np.expm1(-np.argmax(tail < p) * WIDTH))


@dataclass(eq=False, kw_only=True)
class FileDrawer:
    """Clusters of observed experiments, with more and more noise.

    Attributes
    ----------
    peaks : sequence of int
        Columns of the mask at which each cluster has its peak.
    p, alpha : float
        Threshold of voxels that forms clusters, and level of their extent.
    redraws : int
        Of each null, which is made with the first row of noise, for every fifth number of added studies.
    """

    experiments: Sequence[Experiment]
    brain: Brain
    peaks: Sequence[int]
    p: float
    alpha: float
    redraws: int
    seed: int
    threads: int = 1
    _critical: dict[int, float] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        """Numbers of added studies that are tried, rising."""
        most = MOST * len(self.experiments)
        steps = np.arange(1, np.ceil(np.log(most) / np.log(STEP)) + 1)
        return [*dict.fromkeys(min(round(STEP**i), most) for i in steps)]

    def smallest(self, draws: int) -> Floats:
        """Return with how many studies of noise each cluster fails first, (draws, clusters); infinity where with none.

        Draws are done side by side; results do not depend on the number of threads.
        """
        observed = reduce(np.multiply, self.spectra(self.experiments))
        rows = [_Noise(self, draw, observed) for draw in range(draws)]
        first = self._of(rows[0])  # makes the nulls that most draws need, with all threads
        with ThreadPoolExecutor(self.threads) as pool:
            return np.array([first, *pool.map(self._of, rows[1:])])

    def _of(self, noise: _Noise) -> list[float]:
        return [self._first_failure(noise, cluster) for cluster in range(len(self.peaks))]

    def _first_failure(self, noise: _Noise, cluster: int) -> float:
        numbers = self.numbers
        low, high = 0, len(numbers)
        while low < high:
            middle = (low + high) // 2
            j = numbers[middle]
            passes = noise.extents(j)[cluster] > self._critical_extent(j)
            low, high = (middle + 1, high) if passes else (low, middle)
        return float(numbers[low]) if low < len(numbers) else float("inf")

    def _critical_extent(self, j: int) -> float:
        """Return the extent that chance alone leaves unsurpassed with j studies of noise."""
        j = min(self.numbers[::COARSE], key=lambda one: abs(np.log(one / j)))
        if j not in self._critical:
            noise = _Noise(self, 0, np.ones(1, dtype=np.complex128))
            every = [*self.experiments, *noise.first(j)]
            peaks = self.brain.layout(every)
            how = Redraws(redraw=anywhere(peaks, self.seed + j), total=self.redraws + 1, threads=self.threads)
            threshold = threshold_of(reduce(np.multiply, self.spectra(every)), self.p)
            null = redrawn(self.likelihood(every), peaks, threshold, how)
            extents = null.maxima["extent"][1:]  # the observed clusters are those that are tested
            self._critical[j] = float(np.quantile(extents, 1 - self.alpha, method="higher"))
        return self._critical[j]

    def likelihood(self, experiments: Sequence[Experiment]) -> Likelihood:
        """Return the statistic of experiments."""
        return Likelihood([one.people for one in experiments], self.brain.edge)

    def spectra(self, experiments: Sequence[Experiment]) -> Iterator[NDArray[np.complex128]]:
        """Yield the spectrum of each experiment; maps of all of them at once would not fit."""
        rooms = Rooms(self.brain, self.likelihood([]))
        for one in experiments:
            yield spectrum(statistic_map(self.likelihood([one]), self.brain.layout([one]), rooms))


class _Noise:
    """One row of noise studies, each like one of the experiments with foci anywhere, and clusters with the first j."""

    def __init__(self, drawer: FileDrawer, draw: int, observed: NDArray[np.complex128]) -> None:
        self._drawer, self._draw = drawer, draw
        self._products = {0: observed}
        self._known: dict[int, NDArray[np.int64]] = {}

    def first(self, j: int) -> list[Experiment]:
        """Return the first j studies."""
        drawer = self._drawer
        rng, positions = np.random.default_rng([drawer.seed, self._draw]), drawer.brain.positions
        found = []
        for i in range(j):
            like = drawer.experiments[int(rng.integers(len(drawer.experiments)))]
            foci = positions[rng.integers(len(positions), size=len(like.foci))]
            found.append(Experiment(name=f"noise {i + 1}", foci=foci, people=like.people))
        return found

    def extents(self, j: int) -> NDArray[np.int64]:
        """Return the extent of each cluster with the first j studies, (clusters,)."""
        if j not in self._known:
            drawer, every = self._drawer, [*self._drawer.experiments, *self.first(j)]
            values = statistic_map(drawer.likelihood(every), drawer.brain.layout(every))
            labels = drawer.brain.lattice.label(values, threshold_of(self._product(j), drawer.p))
            sizes = np.bincount(labels)
            sizes[0] = 0
            self._known[j] = sizes[labels[list(drawer.peaks)]]
        return self._known[j]

    def _product(self, j: int) -> NDArray[np.complex128]:
        start = max(known for known in self._products if known <= j)
        product = self._products[start]
        if start < j:
            product = reduce(np.multiply, self._drawer.spectra(self.first(j)[start:]), product)
            self._products[j] = product
        return product
