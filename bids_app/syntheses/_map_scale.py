"""On which scale maps of studies can be pooled, and why not where they cannot."""

from __future__ import annotations

from collections.abc import Sequence

from bids_app.errors import WrongDataError
from bids_app.syntheses import _map_options
from bids_app.vocabulary.studies import StudyMaps, compares_groups, contrast_word

MOST = 8
"""Settings that a message lists."""


def differences(maps: Sequence[StudyMaps]) -> list[str]:
    """Return the settings in which studies differ, each with who has what."""
    found = []
    names = dict.fromkeys(name for one in maps for name in one.made_with)
    told = {name: [(one.study, one.made_with.get(name)) for one in maps] for name in names}
    # A comparison that was named for one study alone (`deqi_contrast`) need not be called as those of others.
    told["contrast"] = [(one.study, one.made_with["contrast"]) for one in maps if "contrast" in one.made_with]
    told["units"] = [(one.study, one.units) for one in maps]
    for name, values in told.items():
        said: dict[str, list[str]] = {}
        for study, value in values:
            said.setdefault(repr(value), []).append(study)
        if len(said) > 1:
            found.append(f"{name}: " + "; ".join(f"{value} ({', '.join(who)})" for value, who in said.items()))
    return found


def require_different_people(maps: Sequence[StudyMaps]) -> None:
    """Refuse studies of one output dataset that share participants, such as a site beside the whole trial.

    Raises
    ------
    WrongDataError
    """
    for i, one in enumerate(maps):
        for other in maps[:i]:
            shared = set(one.labels) & set(other.labels)
            if shared and one.described[:1] and one.described[0].parent == other.described[0].parent:
                raise WrongDataError(
                    f"{other.study} and {one.study} are one output with {len(shared)} participants in common. A trial "
                    "with several sites counts once, or once for each site."
                )


def scale_of(maps: Sequence[StudyMaps], options: _map_options.Options) -> str:
    """Return the scale on which the maps of one subject are pooled.

    Raises
    ------
    WrongDataError
        If settings differ, or no images make a common scale.
    """
    differing = differences(maps)
    of_deqi = all("effect" in one.paths for one in maps)
    if options.scale == "effect" or (options.scale == "auto" and of_deqi and not options.force_standardised):
        if not all(_has_effect(one) for one in maps):
            raise WrongDataError(f"Not all studies have an effect and its variance: {_lacking(maps, 'effect')}.")
        if differing and of_deqi:
            raise WrongDataError(
                f"Studies were made in different ways: {' | '.join(differing[:MOST])}. Make them alike, or pool "
                "Hedges' g with syntheses.maps.force_standardised = true."
            )
        return "effect"
    if options.scale == "z" or (options.scale == "auto" and not all(_has_g(one) for one in maps)):
        if not all(_has_z(one) for one in maps):
            raise WrongDataError(
                f"No scale is common to all studies: {_lacking(maps, 'z')}. Give t or z with participants, or set "
                "syntheses.maps.scale to effect where beta and se have one unit."
            )
        return "z"
    if not all(_has_g(one) for one in maps):
        raise WrongDataError(f"Hedges' g needs g, or t and participants: {_lacking(maps, 'g')}.")
    return "g"


def _has_effect(one: StudyMaps) -> bool:
    there = one.paths.keys()
    return {"effect", "variance"} <= there or ("beta" in there and bool({"se", "varcope"} & there))


def _has_g(one: StudyMaps) -> bool:
    return len(one.people) == 2 if "g" in one.paths else "t" in one.paths and _has_sizes(one)


def _has_sizes(one: StudyMaps) -> bool:
    """Tell whether participants are told as the contrast needs them: of both groups where groups are compared."""
    word = contrast_word(one.subject)
    return len(one.people) == 2 if word and compares_groups(word) else len(one.people) in (1, 2)


def _has_z(one: StudyMaps) -> bool:
    return bool(one.people) and ("z" in one.paths or ("t" in one.paths and _has_sizes(one)))


def _lacking(maps: Sequence[StudyMaps], scale: str) -> str:
    has = {"effect": _has_effect, "g": _has_g, "z": _has_z}[scale]
    without = [f"{one.study} has {', '.join(one.paths)}" for one in maps if not has(one)]
    return "; ".join(without[:MOST])
