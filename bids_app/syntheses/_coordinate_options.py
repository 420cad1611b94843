"""Options of a synthesis of coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Lt

from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True)
class Options:
    """Options of `[syntheses.coordinates]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    method: Annotated[
        Literal["ALE", "MKDA"], Doc("Activation likelihood (ALE), or density within a sphere (MKDA).")
    ] = "ALE"
    contrasts: Annotated[
        tuple[str, ...], Doc("Contrast words of your own, beside verum>sham and its kind: pain>rest.")
    ] = ()
    least: Annotated[int, Ge(2), Doc("Experiments that are needed; below 10 the page says that it is not enough.")] = 10
    unknown_size: Annotated[
        int, Ge(0), Doc("Participants of studies that do not tell them; 0: such studies end the call.")
    ] = 0
    cluster_forming_p: Annotated[float, Gt(0), Lt(0.5), Doc("Uncorrected p of voxels that form clusters.")] = 0.001
    redraws: Annotated[int, Ge(20), Doc("Redraws of all foci, with the observed ones.")] = 10_000
    redraw: Annotated[
        Literal["foci", "experiments"],
        Doc("What moves in a redraw: every focus by itself, or the foci of an experiment as they lie."),
    ] = "foci"
    radius: Annotated[float, Gt(0), Doc("Of MKDA: radius of the sphere around a focus.", "mm")] = 10.0
    weights: Annotated[
        Literal["root", "equal"], Doc("Of MKDA: weight of an experiment, the root of its participants or 1.")
    ] = "root"
    include_null: Annotated[bool, Doc("Of MKDA: count studies without any focus among those that looked.")] = True
    subtract: Annotated[
        tuple[str, ...],
        Doc("Two contrasts of the same trials whose peaks are compared, e.g. verum:post>pre and sham:post>pre."),
    ] = ()
    mask: Annotated[
        str, Doc("Brain in which peaks are looked at, an image with cubic voxels; empty: the MNI152 brain at 2 mm.")
    ] = ""
    noise_draws: Annotated[int, Ge(0), Doc("File drawer of ALE: rows of added noise studies; 0: none.")] = 20
    noise_redraws: Annotated[int, Ge(20), Doc("File drawer: redraws of each null.")] = 200

    def __post_init__(self) -> None:
        """Refuse to subtract anything but one contrast from another."""
        if self.subtract and len(set(self.subtract)) != 2:
            raise ValueError('subtract names two contrasts: ["verum:post>pre", "sham:post>pre"]')
