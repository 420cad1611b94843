"""`--check-claims`: numbers that a paper prints beside what arithmetic and noise say of them, in a neutral tone."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from math import sqrt
from pathlib import Path

from bids_app.dataset import presets
from bids_app.dataset.tables import Json
from bids_app.errors import MissingInputError, UsageError, WrongDataError, suggest
from bids_app.statistics import published_claims

WIDTHS = (0.2, 0.35, 0.5)
"""Smoothness, in radii of the sphere, that noise is tried with."""


def check(name: str) -> str:
    """Return the report of a file of claims, or of one that ships, as Markdown.

    Raises
    ------
    MissingInputError, WrongDataError, UsageError
        If the file cannot be read, or a claim cannot be understood.
    """
    return "\n".join(_report(_content(name))) + "\n"


def _content(name: str) -> Mapping[str, object]:
    path = Path(name)
    if not path.exists() and name in presets.names("claims"):
        return presets.load("claims", name)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        there = ", ".join(presets.names("claims"))
        raise MissingInputError(f"{path} does not exist; give a file of claims, or one that ships: {there}.") from error
    except (OSError, ValueError) as error:
        raise WrongDataError(f"{path} is not TOML: {error}.") from error


def _report(content: Mapping[str, object]) -> Iterator[str]:
    yield from ("# Published numbers, checked", "", str(content.get("description", "")), "")
    if content.get("citation"):
        yield from (f"Source: {content['citation']}.", "")
    yield from ("Each check names what it assumes. None of them says what was done or meant.", "")
    claims = content.get("claims", [])
    if not claims or not isinstance(claims, list) or not all(isinstance(claim, Mapping) for claim in claims):
        raise WrongDataError("The file has no [[claims]]; each has says, kind and the numbers of its kind.")
    for number, claim in enumerate(claims, 1):
        kind = claim.get("kind", "")
        if kind not in KINDS:
            raise UsageError(f"Claim {number} has kind {kind!r}; {suggest(kind, list(KINDS))}")
        yield from (f"## {number}. {claim.get('says', kind)}", "")
        try:
            yield from (f"- {line}" for line in KINDS[kind](claim))
        except KeyError as error:
            raise WrongDataError(f"Claim {number} ({kind}) lacks {error}.") from error
        except (TypeError, ValueError, IndexError, ZeroDivisionError, AttributeError) as error:
            raise WrongDataError(f"Claim {number} ({kind}) holds a value that cannot be used: {error}.") from error
        yield ""


def _ranks(claim: Json) -> Iterator[str]:
    z, people = float(claim["z"]), [int(n) for n in claim["people"]]
    first, second = people if len(people) == 2 else (people[0], people[0])
    within, between = (
        published_claims.largest_z_within(max(first, second)),
        published_claims.largest_z_between(first, second),
    )
    yield f"Assumed: arms of {first} and {second}; normal approximation, without continuity correction."
    most = _most(z, within, sqrt(max(first, second)))
    yield f"A signed-rank test of {max(first, second)} people {most}"
    if abs(z) > between:
        yield f"A Mann-Whitney test of these arms {_most(z, between, sqrt(first + second - 1))}"
        return
    found = published_claims.behind_z(z, first, second)
    yield (
        f"As a Mann-Whitney test (at most {between:.4f}) it means U = {found['u']:.1f}, a probability of superiority "
        f"of {found['superiority']:.3f}, r = {found['r']:.3f}, and d = {found['d']:.2f} of two normal groups."
    )
    if usual := claim.get("usual"):
        times = found["d"] / float(usual["effect"])
        yield (
            f"The {usual['source']} found {usual['effect']} SD (95 % limits {usual['low']} to {usual['high']}): this "
            f"is {times:.0f} times as large. Blinding, baseline and allocation are what one would look at first."
        )


def _most(z: float, plain: float, tied: float) -> str:
    """Say whether a Z can be one: ties, corrected for, allow larger ones up to where values are but two."""
    can = "can be one" if abs(z) <= plain else "cannot be one"
    if plain < abs(z) <= tied:
        can = "can be one only if many values are the same"
    return f"reaches |Z| = {plain:.4f} at most without ties, {tied:.4f} with any: {abs(z):g} {can}."


def _peak(claim: Json) -> Iterator[str]:
    t, voxels, fwhm = abs(float(claim["t"])), int(claim["voxels"]), float(claim["fwhm_voxels"])
    yield f"Assumed: {voxels:,} voxels, smooth over {fwhm:g} (FWHM), a Gaussian field, its three-dimensional term."
    for df in claim["df"]:
        p = published_claims.peak_p(t, int(df), voxels, fwhm)
        said = "below" if p <= 0.05 else "not below"
        yield f"With {df} degrees of freedom a peak of |t| = {t:g} anywhere has a corrected p of {p:.3f}: {said} .05."
    yield "Where a peak is not, the claim rests on its cluster's extent: on how clusters were formed and corrected."


def _one_arm(claim: Json) -> Iterator[str]:
    people = int(claim["people"])
    yield f"Assumed: {people} people in each arm, both of which change by the same effect; t tests at .05 within arms."
    for effect in claim["effects"]:
        share = published_claims.one_arm_alone(float(effect), people)
        yield f"With {effect} SD in both arms, the first is significant and the second not in {share:.0%} of trials."
    yield (
        "Significance in one arm and none in the other is no test of a difference (Bland & Altman 2011, "
        "doi:10.1186/1745-6215-12-264)."
    )


def _explained(claim: Json) -> Iterator[str]:
    share = float(claim["share"])
    yield (
        "Assumed: 2,000 genes as mixtures of 12 smooth factors over regions on a sphere, and smooth maps that have "
        "nothing to do with them; smoothness (SD of the kernel) in radii of the sphere."
    )
    for regions in claim["regions"]:
        found = [published_claims.explained_by_noise(int(regions), width) for width in WIDTHS]
        said = "; ".join(
            f"{width:g}: median {median:.0%}, 95th percentile {high:.0%}"
            for width, (median, high) in zip(WIDTHS, found, strict=True)
        )
        reach = sum(median >= share for median, _ in found)
        reached = f"In {reach} of {len(WIDTHS)} cases its median reaches {share:.2%}."
        yield f"Of {regions} regions noise alone explains, by smoothness, {said}. {reached}"
    yield "A share of variance is no evidence of an association without such a null."


KINDS: dict[str, Callable[[Mapping[str, object]], Iterator[str]]] = {
    "ranks": _ranks, "peak": _peak, "one-arm": _one_arm, "variance-explained": _explained,
}  # fmt: skip
