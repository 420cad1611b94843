"""NIfTI volumes: headers, maps and masks."""

from __future__ import annotations

import io
import math
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

import nibabel as nib
import numpy as np
from isal import igzip, isal_zlib
from nibabel.arrayproxy import ArrayProxy
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from bids_app.dataset.tables import require_content
from bids_app.errors import MissingInputError, WrongDataError
from bids_app.vocabulary.grid import Grid, Mask

BROKEN: tuple[type[Exception], ...] = (EOFError, OSError, zlib.error, cast(type[Exception], isal_zlib.error))
"""What readers raise on files that break off or are damaged."""

UNREADABLE: tuple[type[Exception], ...] = (
    cast(type[Exception], ImageFileError), cast(type[Exception], HeaderDataError), ValueError, OverflowError,
)  # fmt: skip
"""What nibabel raises on headers that say what cannot be."""


GZIP_AT_BEST = 1040
"""Times that gzip can make content smaller: a match of 258 bytes takes two bits."""


def open_image(path: Path) -> nib.Nifti1Image:
    """Read the header of a NIfTI file.

    Raises
    ------
    MissingInputError, WrongDataError
        If the file is absent, empty or no NIfTI volume, or its two orientations disagree.
    """
    require_content(path)
    try:
        image = nib.load(path)
    except (*BROKEN, *UNREADABLE) as error:
        raise MissingInputError(f"{path} cannot be read as NIfTI ({error}). Copy or compute it again.") from error
    if not isinstance(image, nib.Nifti1Image):
        raise WrongDataError(f"{path} is a {type(image).__name__}; only NIfTI volumes are read.")
    if not np.issubdtype(image.get_data_dtype(), np.number) or image.get_data_dtype().kind == "c":
        raise WrongDataError(f"{path} holds {image.get_data_dtype()} values; expected real numbers.")
    _check_size(path, image)
    _check_orientation(path, image)
    return image


def _check_size(path: Path, image: nib.Nifti1Image) -> None:
    """Refuse a header that its file cannot be true of, before anything is allocated for it."""
    shape = [int(length) for length in image.shape]
    if not shape or min(shape) < 1:
        raise WrongDataError(f"{path} has a header of {' x '.join(map(str, shape))} voxels. Copy or compute it again.")
    claimed = math.prod(shape) * image.get_data_dtype().itemsize
    there = path.stat().st_size * {".gz": GZIP_AT_BEST, ".nii": 1}.get(path.suffix, math.inf)
    if claimed > there:
        raise MissingInputError(
            f"{path} is damaged: its header claims {' x '.join(map(str, shape))} voxels, {claimed / 1e9:.3g} GB, which "
            f"{path.stat().st_size} bytes cannot hold. Copy or compute it again."
        )
    if not np.isfinite(image.affine).all() or not np.linalg.det(image.affine[:3, :3]):
        raise WrongDataError(
            f"{path} does not say where its voxels lie: {image.affine[:3].tolist()}. Compute it again."
        )


def _check_orientation(path: Path, image: nib.Nifti1Image) -> None:
    """Refuse a header that does not say where its voxels lie, in mm: what nibabel makes of it is a guess."""
    s_code = int(image.header["sform_code"])
    qform, q_code = image.get_qform(coded=True)
    if s_code <= 0 and q_code <= 0:
        raise WrongDataError(
            f"{path} does not say where its voxels lie (sform_code and qform_code are 0): left and right, and every "
            "coordinate, would be guessed. Take the file as fMRIPrep wrote it; whatever saved it again lost them."
        )
    unit = {1: "metres", 3: "micrometres"}.get(int(image.header["xyzt_units"]) & 7)
    if unit:
        raise WrongDataError(f"{path} measures space in {unit} by its header; expected mm. Save it in mm.")
    if s_code > 0 and q_code > 0:
        shift = grid_of(image).displacement(qform)
        if shift > 0.5 * grid_of(image).voxel_sizes.min():
            raise WrongDataError(
                f"{path}: sform and qform put voxels up to {shift:.1f} mm apart; they must agree, else left and "
                "right may be exchanged. Decide which is right and write it into both (nibabel: set_qform, set_sform)."
            )


def grid_of(image: nib.Nifti1Image) -> Grid:
    """Return the lattice of the first three axes."""
    x, y, z = (*image.shape, 1, 1)[:3]
    return Grid((int(x), int(y), int(z)), np.asarray(image.affine, dtype=np.float64))


def read_map(path: Path) -> tuple[NDArray[np.float32], Grid]:
    """Return a three-dimensional map as float32, and its lattice."""
    image = open_image(path)
    if math.prod(image.shape[3:]) != 1:
        raise WrongDataError(f"{path} has {len(image.shape)} dimensions; expected 3 (one volume).")
    try:
        values = np.asarray(_whole(path, image), dtype=np.float32)
    except BROKEN as error:
        raise MissingInputError(f"{path} breaks off or is damaged ({error}). Copy or compute it again.") from error
    grid = grid_of(image)
    return values.reshape(grid.shape), grid


def _whole(path: Path, image: nib.Nifti1Image) -> object:
    """Return the data of a map; of a compressed one to its end, where the checksum stands, which nibabel never sees."""
    if path.suffix != ".gz":
        return image.dataobj
    proxy = cast(Any, image.dataobj)
    wanted = int(proxy.offset) + math.prod(image.shape) * image.get_data_dtype().itemsize
    with cast(Any, igzip).open(path, "rb") as stream:
        content = stream.read(wanted)
        rest_of(stream)
    return ArrayProxy(
        io.BytesIO(content), (image.shape, image.get_data_dtype(), proxy.offset, proxy.slope, proxy.inter)
    )


def rest_of(stream: BinaryIO) -> int:
    """Read a stream to its end and return how many bytes were left; a wrong checksum is an error there."""
    return sum(map(len, iter(lambda: stream.read(1 << 20), b"")))


def read_mask(path: Path) -> tuple[Mask, Grid]:
    """Return a mask (values above 0.5) and its lattice.

    Raises
    ------
    WrongDataError
        If the mask is empty.
    """
    values, grid = read_map(path)
    mask = values > 0.5
    if not mask.any():
        raise WrongDataError(f"{path} is empty: no voxel is above 0.5.")
    return mask, grid
