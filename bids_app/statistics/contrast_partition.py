"""A general contrast as tested columns and nuisance columns."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.errors import WrongDataError

Matrix = NDArray[np.float64]


def partition(design: Matrix, contrast: Matrix) -> tuple[Matrix, Matrix]:
    """Return columns X that a contrast tests and columns Z that it does not, orthogonal to X.

    Parameters
    ----------
    design : (n, p)
    contrast : (p,) or (p, q)
        Each column is one question to the p coefficients.

    Raises
    ------
    WrongDataError
        If the design cannot answer it.

    Notes
    -----
    After Beckmann, Jenkinson & Smith (2003, doi:10.1016/S1053-8119(03)00435-X) as in Winkler 2014
    (doi:10.1016/j.neuroimage.2014.01.060): with D = (M'M)⁻, X = M D C (C'DC)⁻ and Z = M D V (V'DV)⁻, where
    V = U − C (C'DC)⁻ C'D U and U spans what C leaves. Slope differences are right that leaving out the tested
    columns gets wrong.
    """
    c = contrast.reshape(len(contrast), -1)
    if np.linalg.matrix_rank(np.vstack([design, c.T])) > np.linalg.matrix_rank(design):
        raise WrongDataError(
            "The contrast is collinear with the rest of the design: columns are combinations of others."
        )
    d = np.linalg.pinv(design.T @ design)
    inner = np.linalg.pinv(c.T @ d @ c)
    x = design @ d @ c @ inner
    u = scipy.linalg.null_space(c.T)
    v = u - c @ inner @ c.T @ d @ u
    z = design @ d @ v @ np.linalg.pinv(v.T @ d @ v)
    return x, z
