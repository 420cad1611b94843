"""What published numbers imply, by arithmetic: the largest Z there can be, effects behind it, peaks, noise."""

from __future__ import annotations

import numpy as np
from scipy import stats


def largest_z_within(people: int) -> float:
    """Return the largest |Z| of a signed-rank test of so many people: all change the same way."""
    total = people * (people + 1) / 2
    return float(total / 2 / np.sqrt(people * (people + 1) * (2 * people + 1) / 24))


def largest_z_between(first: int, second: int) -> float:
    """Return the largest |Z| of a Mann-Whitney test: no value of one group reaches any of the other."""
    return float(first * second / 2 / _spread_of_u(first, second))


def _spread_of_u(first: int, second: int) -> float:
    return float(np.sqrt(first * second * (first + second + 1) / 12))


def behind_z(z: float, first: int, second: int) -> dict[str, float]:
    """Return what a Mann-Whitney Z means: U, probability of superiority, r and the d of two normal groups."""
    u = first * second / 2 - abs(z) * _spread_of_u(first, second)
    superiority = 1 - u / (first * second)
    return {
        "u": u, "superiority": superiority, "r": abs(z) / float(np.sqrt(first + second)),
        "d": float(np.sqrt(2) * stats.norm.ppf(min(superiority, 1.0))),
    }  # fmt: skip


def peak_p(t: float, df: int, voxels: int, fwhm: float) -> float:
    """Return p of a peak of a t field anywhere in a volume, corrected (Worsley 1996), by its three-dimensional term.

    Parameters
    ----------
    fwhm : float
        Smoothness in voxels.
    """
    resels = voxels / fwhm**3
    density = (4 * np.log(2)) ** 1.5 / (2 * np.pi) ** 2
    density *= (1 + t**2 / df) ** (-(df - 1) / 2) * ((df - 1) / df * t**2 - 1)
    return float(1 - np.exp(-resels * max(density, 0.0)))


def one_arm_alone(effect: float, people: int, alpha: float = 0.05) -> float:
    """Return how often one arm is significant and the other is not, if both change by the same effect (in SDs).

    Parameters
    ----------
    people : int
        Of each arm.
    """
    power = chance_of_report(effect, people, alpha)
    return power * (1 - power)


def chance_of_report(effect: float, people: float, p: float = 0.001, arms: int = 1) -> float:
    """Return how often a study of so many people finds an effect (in SDs) at one place, tested on both sides at p.

    With two arms the people are half in each, and the effect is a difference between arms.

    >>> [round(chance_of_report(0.5, n), 3) for n in (12, 16, 20, 30)]
    [0.026, 0.052, 0.087, 0.211]
    """
    df, away = people - arms, effect * np.sqrt(people) / arms
    height = stats.t.isf(p / 2, df)
    return float(stats.nct.sf(height, df, away) + stats.nct.cdf(-height, df, away))


def explained_by_noise(regions: int, width: float, genes: int = 2000, seed: int = 0) -> tuple[float, float]:
    """Return median and 95th percentile of the share that PLS component 1 explains of smooth maps that are noise.

    Genes are mixtures of 12 smooth factors over regions on a sphere; maps are as smooth, and have nothing to do with
    the genes.

    Parameters
    ----------
    width : float
        Standard deviation of the Gaussian that makes them smooth, in radii of the sphere.
    """
    rng, factors, maps = np.random.default_rng(seed), 12, 300
    places = rng.standard_normal((regions, 3))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    near = np.exp(-((places[:, None] - places) ** 2).sum(axis=-1) / 2 / width**2)
    expression = near @ rng.standard_normal((regions, factors)) @ rng.standard_normal((factors, genes))
    expression += 0.5 * expression.std() * rng.standard_normal(expression.shape)
    x = stats.zscore(expression, axis=0)
    y = stats.zscore(near @ rng.standard_normal((regions, maps)), axis=0)
    scores = np.einsum("rg,gm->rm", x, x.T @ y)
    r = (stats.zscore(scores, axis=0) * y).mean(axis=0)
    return float(np.median(r**2)), float(np.percentile(r**2, 95))
