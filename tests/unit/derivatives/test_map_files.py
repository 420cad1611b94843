"""Files as they are written: small, and the same each time."""

from __future__ import annotations

import gzip

import numpy as np

from bids_app.derivatives.files import gzipped, write_map
from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.grid import Grid


def test_a_map_is_as_small_as_gzip_makes_it(tmp_path):
    """NaN outside of the brain is four bytes that differ: packing runs of equal bytes alone doubles the file."""
    rng = np.random.default_rng(0)
    mask = np.indices((30, 30, 30)).sum(axis=0) < 40
    path = tmp_path / "map.nii.gz"
    write_map(path, rng.standard_normal(int(mask.sum())), Voxels(Grid(mask.shape, np.eye(4)), mask))
    content = gzip.decompress(path.read_bytes())
    assert path.stat().st_size <= 1.05 * len(gzip.compress(content, 6))
    assert gzipped(content) == gzipped(content) == path.read_bytes()
