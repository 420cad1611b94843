"""Maps, tables and JSON as bytes that are the same whenever the content is."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import deflate
import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.atomic import write_bytes, write_text
from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.json_record import JsonRecord

MNI_CODE = 4
"""NIfTI code of coordinates in a standard (MNI) space."""


def write_map(path: Path, values: NDArray[np.floating[Any]], domain: Voxels) -> None:
    """Write one value per voxel as float32; voxels outside the mask are NaN."""
    volume = np.full(domain.grid.shape, np.nan, dtype=np.float32)
    volume[domain.mask] = values
    _write_volume(path, volume, domain.grid)


def write_labels(path: Path, values: NDArray[np.integer[Any]] | Mask, grid: Grid) -> None:
    """Write a mask or label image, (x, y, z), as unsigned 8-bit or 32-bit integers."""
    small = values.dtype == np.bool_ or int(values.max(initial=0)) < 256
    _write_volume(path, values.astype(np.uint8 if small else np.int32), grid)


def write_series(path: Path, series: NDArray[np.int16], mask: Mask, grid: Grid, repetition_time: float) -> None:
    """Write a series, (frames, voxels of the mask), as 16-bit integers; 0 outside."""
    volumes = np.zeros((*grid.shape, len(series)), dtype=np.int16)
    volumes[mask] = series.T
    _write_volume(path, volumes, grid, repetition_time)


def _write_volume(path: Path, volume: NDArray[Any], grid: Grid, repetition_time: float | None = None) -> None:
    write_bytes(path, volume_bytes(volume, grid, repetition_time))


def volume_bytes(
    volume: NDArray[Any], grid: Grid, repetition_time: float | None = None, slope: float | None = None
) -> bytes:
    """Return a gzipped NIfTI file; values are those of the volume times `slope`, if that is given."""
    image = nib.Nifti1Image(volume, grid.affine)
    image.header.set_xyzt_units("mm", "sec")
    if repetition_time:
        image.header.set_zooms((*image.header.get_zooms()[:3], repetition_time))
    if slope:
        image.header.set_slope_inter(slope, 0)
    image.set_sform(grid.affine, MNI_CODE)
    image.set_qform(grid.affine, MNI_CODE)
    return gzipped(image.to_bytes())


def gzipped(content: bytes, level: int = 1) -> bytes:
    """Return content in gzip format, without the time of day: equal content gives equal bytes, always.

    libdeflate takes 12 ms for a map at 2 mm and leaves .91 MB at level 1, and the same at level 6 in 20 ms; zlib takes
    31 ms and leaves .93 MB. ISA-L is as fast, but about one file in ten thousand comes out differently the next time:
    it starts from whatever its memory holds (github.com/intel/isa-l/issues/140).
    """
    return bytes(deflate.gzip_compress(content, level))


def write_picture(path: Path, greys: NDArray[np.uint8]) -> None:
    """Write greys (rows, columns) as PNG."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(greys).save(stream, "PNG", compress_level=6)
    write_bytes(path, stream.getvalue())


def write_table(path: Path, columns: Mapping[str, object]) -> None:
    """Write columns of equal length as a BIDS table; None and NaN become n/a."""
    text = ["\t".join(map(_cell, columns))]
    text += ["\t".join(map(_cell, row)) for row in zip(*columns.values(), strict=True)]
    write_text(path, "\n".join(text) + "\n")


def _cell(value: object) -> str:
    if value is None or value == "" or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return "n/a"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return f"{float(value):.9g}"
    text = re.sub(r"[\t\r\n]", " ", str(value))
    # Spreadsheets would run it: names of columns and arms come from outside.
    return f"'{text}" if text[:1] in ("=", "+", "@") and isinstance(value, str) else text


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a JSON object; NaN becomes null."""
    write_text(path, json.dumps(plain(content), indent=2, ensure_ascii=False) + "\n")


def plain(value: Any) -> Any:
    """Turn records, arrays, paths and NaN into what JSON knows."""
    if isinstance(value, JsonRecord):
        return plain(value.to_json())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return float(f"{value:.9g}") if np.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value
