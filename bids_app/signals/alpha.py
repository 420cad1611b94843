"""Where the alpha peak of a spectrum lies, if there is one.

Corcoran and colleagues 2018 (doi:10.1111/psyp.13064) describe both estimates; the rule that says when there is none is
our own, held to spectra without a peak.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOW = (7.0, 13.0)
"""Hz that the peak is looked for in, ends included."""

LOWEST = 0.2
"""Height above the aperiodic line (log10) below which a maximum is none: that of 200 spectra without a peak was .13."""


class AlphaPeak(NamedTuple):
    """Frequency of the peak and centre of gravity (Hz), height above the line (log10), and why there is none."""

    peak: float
    gravity: float
    height: float
    reason: str = ""


def alpha_peak(spectrum: Floats, line: Floats, frequencies: Floats) -> AlphaPeak:
    """Find the alpha peak of one spectrum; where there is none both frequencies are NaN and the reason is given.

    Parameters
    ----------
    spectrum : (bins,)
        Power density.
    line : (bins,)
        Its aperiodic part, log10.
    frequencies : (bins,) Hz
    """
    within = np.flatnonzero((frequencies >= WINDOW[0]) & (frequencies <= WINDOW[1]))
    smooth = scipy.signal.savgol_filter(np.log10(spectrum) - line, 11, 5)[within]
    top = int(smooth.argmax())
    at, height = float(frequencies[within[top]]), float(smooth[top])
    if top in {0, len(within) - 1}:
        return AlphaPeak(np.nan, np.nan, height, f"highest at the edge of the window, {at:g} Hz")
    if height < LOWEST:
        reason = f"highest point {at:g} Hz, {height:.2f} above the aperiodic line ({LOWEST:g} needed)"
        return AlphaPeak(np.nan, np.nan, height, reason)
    above = np.maximum(spectrum - 10**line, 0.0)[within]
    return AlphaPeak(at, float((frequencies[within] * above).sum() / above.sum()), height)
