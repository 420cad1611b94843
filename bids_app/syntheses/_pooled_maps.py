"""Maps of one subject pooled: effect, heterogeneity, what a further study would show, and what chance does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bids_app.errors import WrongDataError
from bids_app.statistics.clusters.cluster_table import Cluster, tabulate
from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.effect_size import one_sample_g, two_sample_g
from bids_app.statistics.permutation.corrections import critical, familywise_p, unsurpassed
from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.statistics.synthesis import sign_flips
from bids_app.statistics.synthesis.pooling import Pooled, pool, without_each
from bids_app.syntheses import _map_options, _map_scale, _map_slopes
from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.studies import StudyMaps, compares_arms, contrast_word
from bids_app.vocabulary.synthesis import Columns, SynthesisRequest, SynthesisResult
from bids_app.vocabulary.synthesis_sidecars import MapSynthesis, StudyUse

Floats = NDArray[np.float64]

SHARE = 0.8
"""Of the studies that must have a value at a voxel."""


def pooled(request: SynthesisRequest, options: _map_options.Options) -> SynthesisResult:
    """Return the pooled maps of one subject.

    Raises
    ------
    WrongDataError
        If maps were made in different ways, or of the same participants.
    """
    assert request.brain is not None
    own = [one for one in request.studies.maps if one.subject == request.subject.title]
    _require_different_people(own, request)
    _map_scale.require_different_people(own)
    scale = _map_scale.scale_of(own, options)
    y, v = (np.stack(rows) for rows in zip(*(_values(one, scale, request) for one in own), strict=True))
    _require_different_values(own, y)
    found = _PooledMaps(own, request, options, scale)
    y, v = y.reshape(len(own), -1), v.reshape(len(own), -1)
    found.pool(y, v)
    return found.with_slopes(_map_slopes.slopes(found.regression(y, v), request, options))


def _values(one: StudyMaps, scale: str, request: SynthesisRequest) -> tuple[Floats, Floats]:
    """Return effect and variance of a study on a scale, (x, y, z) each."""
    read, paths = request.images, one.paths
    assert read is not None
    if scale == "effect":
        if "effect" in paths:
            return read(paths["effect"]), read(paths["variance"])
        return read(paths["beta"]), read(paths["varcope"]) if "varcope" in paths else read(paths["se"]) ** 2
    if scale == "g" and len(one.people) == 2:
        n1, n2 = one.people
        g = read(paths["g"]) if "g" in paths else two_sample_g(read(paths["t"]), int(n1), int(n2))
        return g, 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))
    n = sum(one.people)
    if scale == "g" and len(one.people) == 1:
        g = one_sample_g(read(paths["t"]), int(n))
        return g, 1 / n + g**2 / (2 * n)
    z = read(paths["z"]) if "z" in paths else _z_of(read(paths["t"]), n - len(one.people))
    # Stouffer with weights of the root of n is one common effect of z / √n, each with variance 1 / n.
    return z / np.sqrt(n), np.where(np.isfinite(z), 1 / n, np.nan)


def _z_of(t: Floats, df: float) -> Floats:
    return np.asarray(np.sign(t) * stats.norm.isf(stats.t.sf(np.abs(t), df)))


def _require_different_people(own: Sequence[StudyMaps], request: SynthesisRequest) -> None:
    samples: dict[str, list[str]] = {}
    for one in own:
        samples.setdefault(request.studies.studies[one.study].sample, []).append(one.study)
    if twice := [", ".join(who) for who in samples.values() if len(who) > 1]:
        raise WrongDataError(
            f"Maps of the same participants (sample_id): {'; '.join(twice)}. Each sample counts once; keep one of them."
        )


def _require_different_values(own: Sequence[StudyMaps], y: Floats) -> None:
    for i, one in enumerate(own):
        for j in range(i):
            if np.array_equal(y[i], y[j], equal_nan=True):
                raise WrongDataError(
                    f"{own[j].study} and {one.study} have the same map of {one.subject}: one dataset twice. Keep one."
                )


class _PooledMaps:
    """What pooling gives at every voxel that enough studies have."""

    def __init__(
        self, own: Sequence[StudyMaps], request: SynthesisRequest, options: _map_options.Options, scale: str
    ) -> None:
        self.own, self.request, self.options, self.scale = own, request, options, scale
        self.fixed = len(own) < 3 or scale == "z" or options.estimator == "FE"
        self.least_k = min(len(own), max(3, int(np.ceil(SHARE * len(own)))))
        self.scheme = SignFlips(len(own), request.inference.random_seed, request.inference.n_permutations)
        # Flips compute one statistic, so that p are had of that alone.
        plain = options.estimator == "DL" and not options.conservative
        self.flipped = plain and not self.fixed and len(own) >= sign_flips.LEAST

    def pool(self, y: Floats, v: Floats) -> None:
        """Pool effects and variances, (studies, all voxels of the grid)."""
        brain, request = self.request.brain, self.request
        assert brain is not None
        k = (np.isfinite(y) & np.isfinite(v) & (v > 0)).sum(axis=0)
        kept = k >= self.least_k
        if not kept.any():
            raise WrongDataError(
                f"{request.subject.title}: no voxel has values of {self.least_k} studies or more. Do spaces match?"
            )
        self.domain, self.kept = Voxels(brain.grid, kept.reshape(brain.grid.shape)), kept
        y, v = y[:, kept], v[:, kept]
        estimator = "FE" if self.fixed else self.options.estimator
        self.result = pool(y, v, estimator, conservative=self.options.conservative)
        self.common = pool(y, v, "FE")
        self.weakest = _weakest(without_each(y, v, estimator)) if len(y) > 3 else None
        self.maxima = None
        if self.flipped:
            self.maxima = sign_flips.flipped(y, v, self.scheme, request.threads, request.progress)
        self.p = None if self.maxima is None else familywise_p(np.abs(self.t), self.maxima)
        self.labels = lattice(self.domain.mask, request.inference.connectivity).label(self.t, self.threshold)
        self.clusters = tabulate(self.t, self.labels, self.threshold)

    def regression(self, y: Floats, v: Floats) -> _map_slopes.MapRegression:
        """Return what columns of studies are looked for in, of effects and variances (studies, all voxels)."""
        names = [one.study for one in self.own]
        return _map_slopes.MapRegression(names, y[:, self.kept], v[:, self.kept], self.domain)

    def with_slopes(self, slopes: _map_slopes.Slopes) -> SynthesisResult:
        """Return all that is written."""
        tables = {**self.tables(), **({"regression": slopes.table} if slopes.table else {})}
        return SynthesisResult(
            about=self.about(), maps={**self.maps(), **slopes.maps}, domain=self.domain, tables=tables,
            warnings=slopes.warnings,
        )  # fmt: skip

    @property
    def t(self) -> NDArray[np.float32]:
        """Pooled t, (voxels,); z of one common effect."""
        return np.nan_to_num(self.result.t).astype(np.float32)

    @property
    def threshold(self) -> float:
        """|t| above which clusters are listed: two-sided p < .001, uncorrected, or all that passes, if that is less."""
        height = float(stats.norm.isf(0.0005) if self.fixed else stats.t.isf(0.0005, len(self.own) - 1))
        return height if self.maxima is None else min(height, unsurpassed(self.maxima, self.request.inference.alpha))

    @property
    def standing(self) -> str:
        """What the number of studies allows."""
        if len(self.own) < 3:
            return "insufficient"
        return "claim" if self.flipped and len(self.own) >= self.options.least else "descriptive"

    @property
    def _within(self) -> str:
        word = contrast_word(self.request.subject.title)
        return word.within if word else ""

    @property
    def _between_arms(self) -> bool:
        word = contrast_word(self.request.subject.title)
        return all("effect" in one.paths for one in self.own) or bool(word and compares_arms(word))

    def maps(self) -> dict[str, NDArray[np.floating]]:
        """Return all maps by their stat."""
        one: Pooled = self.result
        found: dict[str, NDArray[np.floating]] = {
            "effect": one.effect, "variance": one.error**2, "z" if self.fixed else "t": one.t, "Q": one.q,
            "I2": one.i2, "k": one.k.astype(np.float64),
            "q": stats.false_discovery_control(np.nan_to_num(one.p, nan=1.0)),
        }  # fmt: skip
        if not self.fixed:
            low, high = one.prediction()
            found |= {"tau2": one.tau2, "piLower": low, "piUpper": high, "effectFixed": self.common.effect}
        if self.weakest is not None:
            found["tWithoutOne"] = self.weakest
        if self.p is not None:
            found["logpvoxfwe"] = -np.log10(self.p)
        return found

    def tables(self) -> dict[str, Columns]:
        """Return clusters, studies, and the null."""
        found: dict[str, Columns] = {"clusters": self._clusters()}
        if self.maxima is not None:
            found["nullmax"] = {"voxel": [*self.maxima]}
        return found

    def _clusters(self) -> Columns:
        at = [one.peak for one in self.clusters]
        where, one = self.domain.positions[at], self.result
        low, high = one.limits()[:, at]
        before, after = one.prediction()[:, at]
        edge = float(np.prod(self.domain.grid.voxel_sizes))
        found: dict[str, Sequence[object]] = {"cluster": range(1, len(at) + 1)}
        found |= {axis: [*values] for axis, values in zip("xyz", where.T, strict=True)}
        return found | {
            "place": [self.request.named(place[None]) or None for place in where],
            "peak_t": [cluster.peak_t for cluster in self.clusters], "effect": [*one.effect[at]], "lower": [*low],
            "upper": [*high], "prediction_lower": [*before], "prediction_upper": [*after], "tau2": [*one.tau2[at]],
            "i2": [*one.i2[at]], "k": [*one.k[at]], "voxels": [cluster.extent for cluster in self.clusters],
            "mm3": [cluster.extent * edge for cluster in self.clusters],
            "p_voxel_fwe": [None if self.p is None else float(self.p[i]) for i in at],
            "t_without_one": [None if self.weakest is None else float(self.weakest[i]) for i in at],
        }  # fmt: skip

    def _passing(self) -> list[Cluster]:
        alpha, p = self.request.inference.alpha, self.p
        return [] if p is None else [one for one in self.clusters if p[one.peak] <= alpha]

    def _use(self) -> tuple[StudyUse, ...]:
        used = {one.study for one in self.own}
        names = self.request.studies.studies
        return tuple(StudyUse(study=n, used=n in used, reason="" if n in used else "has no such map") for n in names)

    def about(self) -> MapSynthesis:
        """Return the sidecar."""
        one, maxima, inference = self.result, self.maxima, self.request.inference
        people = [sum(study.people) for study in self.own]
        return MapSynthesis(
            title=self.request.subject.title, scale=self.scale, units=_UNITS.get(self.scale, self.own[0].units),
            estimator=one.estimator, between_arms=self._between_arms, within=self._within, standing=self.standing,
            studies=len(self.own),
            participants=sum(people) if all(people) else None, voxels=self.domain.size, least_k=self.least_k,
            alpha=inference.alpha, patterns=0 if maxima is None else len(maxima),
            patterns_possible=self.scheme.possible, random_seed=inference.random_seed,
            critical=None if maxima is None else critical(maxima, inference.alpha),
            smallest_p=None if self.p is None else float(self.p.min()),
            smallest_possible_p=None if maxima is None else self.scheme.smallest_p, clusters=len(self.clusters),
            passing=len(self._passing()), median_i2=_median(one.i2), median_tau2=_median(one.tau2),
            settings_that_differ=tuple(_map_scale.differences(self.own)) if self.scale != "effect" else (),
            interpolated=self._interpolated(), notes=self._notes(), use=self._use(),
        )  # fmt: skip

    def _interpolated(self) -> tuple[str, ...]:
        moved = set(self.request.images.moved) if self.request.images else set()
        return tuple(one.study for one in self.own if moved & set(one.paths.values()))

    def _notes(self) -> tuple[str, ...]:
        labels = [one.labels for one in self.own]
        same = [one.study for i, one in enumerate(self.own) if labels[i] and labels[i] in labels[:i]]
        said = (
            f"Participants and arms have the same labels as those of another study: {', '.join(same)}. Make sure that "
            "they are other people."
        )
        return (said,) if same else ()


_UNITS = {"g": "Hedges g", "z": "z / sqrt(n)"}


def _weakest(others: Sequence[Pooled]) -> Floats:
    """Return the t nearest to 0 that is left when one study is left out, (voxels,)."""
    t = np.stack([one.t for one in others])
    at = np.nanargmin(np.where(np.isfinite(t), np.abs(t), np.inf), axis=0)
    return np.asarray(np.take_along_axis(t, at[None], axis=0)[0])


def _median(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None
