"""A map of reported peaks, its clusters, what chance does to them, and how many studies of noise they bear."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from scipy import stats

from bids_app.errors import WrongDataError
from bids_app.statistics.published_claims import chance_of_report
from bids_app.statistics.synthesis import coordinate_null as chance
from bids_app.statistics.synthesis.coordinate_clusters import Convergence, convergences, spread_p
from bids_app.statistics.synthesis.coordinate_statistics import Density, Likelihood
from bids_app.statistics.synthesis.coordinates import Brain, Experiment, Statistic, statistic_map
from bids_app.statistics.synthesis.file_drawer import FileDrawer
from bids_app.syntheses import _coordinate_options, _experiments
from bids_app.vocabulary.studies import compares_groups
from bids_app.vocabulary.synthesis import Columns, Subject, SynthesisRequest, SynthesisResult
from bids_app.vocabulary.synthesis_sidecars import CoordinateSynthesis


def converging(request: SynthesisRequest, options: _coordinate_options.Options) -> SynthesisResult:
    """Return where the peaks of one contrast converge.

    Raises
    ------
    WrongDataError
        If there are too few experiments, or participants are not told.
    """
    assert request.brain is not None
    chosen = _experiments.chosen_experiments(
        request.studies, request.subject, options.unknown_size, ale=options.method == "ALE"
    )
    _require_enough(chosen, request.subject, options.least)
    brain = Brain(grid=request.brain.grid, mask=request.brain.mask)
    found = _Found(chosen, brain, request, options)
    maps = {
        options.method.lower(): found.values, "p": found.p.astype(np.float32),
        "z": stats.norm.isf(found.p).astype(np.float32),
        "logpextentfwe": spread_p(found.labels, [one.p["extent"] for one in found.clusters]),
        "logpmassfwe": spread_p(found.labels, [one.p["mass"] for one in found.clusters]),
        "logpvoxfwe": -np.log10(found.null.p("voxel", found.values)).astype(np.float32),
        "cluster": found.labels.astype(np.float32),
    }  # fmt: skip
    tables = {
        "clusters": found.table(), "foci": _foci(chosen, brain),
        "nullmax": {name: [*values] for name, values in found.null.maxima.items()},
    }  # fmt: skip
    if noise := found.noise():
        tables["noise"] = noise
    about = _about(found)
    return SynthesisResult(about=about, maps=maps, domain=request.brain, tables=tables)


def _require_enough(chosen: _experiments.Chosen, subject: Subject, least: int) -> None:
    count = len(chosen.experiments)
    if count < least:
        samples = " of one sample" if count == 1 else ""
        raise WrongDataError(
            f"{subject.title} has {count} experiments{samples} with foci in the whole brain; at least {least} are "
            "needed to say that peaks converge. Add studies, or lower syntheses.coordinates.least: the page then says "
            "that it is not enough."
        )


class _Found:
    """The map of one contrast, its clusters, and what chance does."""

    def __init__(
        self, chosen: _experiments.Chosen, brain: Brain, request: SynthesisRequest, options: _coordinate_options.Options
    ) -> None:
        self.chosen, self.brain, self.request, self.options = chosen, brain, request, options
        self.peaks, statistic = brain.layout(chosen.experiments), self.statistic(chosen.experiments)
        self.values = statistic_map(statistic, self.peaks)
        apart = statistic.apart(self.peaks)
        voxels = statistic.null(apart)
        self.p, self.threshold = voxels.p(self.values), voxels.threshold(options.cluster_forming_p)
        make = chance.anywhere if options.redraw == "foci" else chance.moved_whole
        how = chance.Redraws(
            redraw=make(self.peaks, request.inference.random_seed), total=options.redraws, threads=request.threads,
            progress=request.progress,
        )  # fmt: skip
        self.null = chance.redrawn(statistic, self.peaks, self.threshold, how)
        self.labels, self.clusters = convergences(
            self.values, self.peaks, self.threshold, self.null, lambda voxel: statistic.shares(apart, voxel)
        )

    @property
    def passing(self) -> list[Convergence]:
        """Clusters that pass and are not those of one or two experiments."""
        return [one for one in self.clusters if one.passes(self.request.inference.alpha)]

    def statistic(self, experiments: Sequence[Experiment]) -> Statistic:
        """Return ALE or density of experiments."""
        people, edge = [one.people for one in experiments], self.brain.edge
        if self.options.method == "ALE":
            return Likelihood(people, edge)
        others = sum(self._weights(self.chosen.silent_people)) if self.options.include_null else 0.0
        return Density(self._weights(people), edge, self.options.radius, others)

    def _weights(self, people: Sequence[float]) -> list[float]:
        return [float(np.sqrt(n)) if self.options.weights == "root" else 1.0 for n in people]

    def table(self) -> Columns:
        """Return one row a cluster; experiments with the share of the peak that is lost without them."""
        where, edge = self.brain.positions[[one.cluster.peak for one in self.clusters]], self.brain.edge
        found: dict[str, list[object]] = {"cluster": list(range(1, len(self.clusters) + 1))}
        found |= {axis: [*values] for axis, values in zip("xyz", where.T, strict=True)}
        found["place"] = [self.request.named(place[None]) or None for place in where]
        found[f"peak_{self.options.method.lower()}"] = [one.cluster.peak_t for one in self.clusters]
        found["peak_z"] = [float(stats.norm.isf(self.p[one.cluster.peak])) for one in self.clusters]
        found["voxels"] = [one.cluster.extent for one in self.clusters]
        found["mm3"] = [one.cluster.extent * edge**3 for one in self.clusters]
        for name in ("extent", "mass", "voxel"):
            found[f"p_{name}_fwe"] = [one.p[name] for one in self.clusters]
        found["experiments"] = [self._carried(one) for one in self.clusters]
        found["largest_share"] = [float(one.shares.max()) for one in self.clusters]
        found["carried_by_few"] = [one.carried_by_few for one in self.clusters]
        return found

    def _carried(self, one: Convergence) -> str:
        order = [i for i in np.argsort(-one.shares, kind="stable") if one.shares[i] >= _LEAST_SHARE]
        return "; ".join(f"{self.chosen.experiments[i].name} {100 * one.shares[i]:.1f} %" for i in order)

    def noise(self) -> Columns:
        """Return with how many studies of noise each passing cluster fails first: median and range over draws."""
        if not (self.options.noise_draws and self.passing) or self.options.method != "ALE":
            return {}
        drawer = FileDrawer(
            experiments=self.chosen.experiments, brain=self.brain, peaks=[one.cluster.peak for one in self.passing],
            p=self.options.cluster_forming_p, alpha=self.request.inference.alpha, redraws=self.options.noise_redraws,
            seed=self.request.inference.random_seed, threads=self.request.threads,
        )  # fmt: skip
        numbers = drawer.smallest(self.options.noise_draws)
        return {
            "cluster": [self.clusters.index(one) + 1 for one in self.passing],
            "added_studies": [*np.median(numbers, axis=0)], "lowest": [*numbers.min(axis=0)],
            "highest": [*numbers.max(axis=0)], "draws": [len(numbers)] * len(self.passing),
            "tried_up_to": [max(drawer.numbers)] * len(self.passing),
        }  # fmt: skip


_LEAST_SHARE = 0.01
"""Share of a peak from which on an experiment is named beside a cluster."""


def _about(found: _Found) -> CoordinateSynthesis:
    chosen, options, request, brain = found.chosen, found.options, found.request, found.brain
    people = [one.people for one in chosen.experiments]
    inside = brain.holds(found.peaks.layout.places)
    kernel = f"sphere of {options.radius:g} mm" if options.method == "MKDA" else "Gaussian by participants"
    alpha, median = request.inference.alpha, float(np.median(people))
    arms = 2 if compares_groups(chosen.contrast) else 1
    return CoordinateSynthesis(
        title=chosen.contrast.word, contrast=chosen.contrast.word, within=chosen.contrast.within,
        method=options.method, standing=_experiments.standing(len(people)),
        experiments=len(people), participants=float(sum(people)), foci=len(inside),
        foci_outside=int((~inside).sum()), moved_from_talairach=chosen.moved, silent=chosen.silent, kernel=kernel,
        mask=options.mask or "MNI152 of nilearn",
        mask_sha256=hashlib.sha256(np.packbits(brain.mask).tobytes()).hexdigest(),
        voxels=len(brain.flat), cluster_forming_p=options.cluster_forming_p, threshold=found.threshold,
        redraws=options.redraws, redrawn=options.redraw, random_seed=request.inference.random_seed, alpha=alpha,
        critical={name: found.null.critical(name, alpha) for name in ("extent", "mass", "voxel")},
        clusters=len(found.clusters), passing=len(found.passing), median_people=median,
        chance_of_report={f"{d:g}": _chance(d, median, arms) for d in (0.3, 0.5, 0.8)},
        notes=chosen.notes, use=chosen.use,
        with_maps=request.studies.with_maps([one.study for one in chosen.use if one.used]),
    )  # fmt: skip


def _chance(effect: float, people: float, arms: int) -> float | None:
    """Return how often a study reports a true effect; None for studies too small for any test."""
    found = chance_of_report(effect, people, arms=arms) if people > arms + 1 else float("nan")
    return found if np.isfinite(found) else None


def _foci(chosen: _experiments.Chosen, brain: Brain) -> Columns:
    names = [one.name for one in chosen.experiments for _ in one.foci]
    foci = np.concatenate([one.foci for one in chosen.experiments])
    found: dict[str, list[object]] = {"experiment": [*names]}
    found |= {axis: [*values] for axis, values in zip("xyz", foci.T, strict=True)}
    found["n"] = [one.people for one in chosen.experiments for _ in one.foci]
    found["inside"] = [*brain.holds(brain.nearest(foci))]
    return found
