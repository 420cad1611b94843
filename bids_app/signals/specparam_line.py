"""The aperiodic part by specparam, which fits peaks and the line together (the extra `deqi[eeg-specparam]`).

Donoghue and colleagues 2020 (doi:10.1038/s41593-020-00744-x). Its offsets differ from those of `aperiodic`, and so do
heights above the line: results of the two are never put together.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from bids_app.errors import UsageError
from bids_app.signals.aperiodic import RANGE, AperiodicLine, Floats

SETTINGS = {"peak_width_limits": (1.0, 8.0), "max_n_peaks": 6, "min_peak_height": 0.1, "peak_threshold": 2.0}


def specparam_line(spectra: Floats, frequencies: Floats) -> AperiodicLine:
    """Fit each spectrum with peaks and a line without a knee.

    Parameters
    ----------
    spectra : (..., bins)
        Power densities above 0.
    frequencies : (bins,) Hz

    Raises
    ------
    UsageError
        If specparam is not installed.
    """
    if find_spec("specparam") is None:
        raise UsageError(
            "measures.eeg_spectrum.aperiodic is specparam, which is not installed: pip install 'deqi[eeg-specparam]'"
        )
    from specparam import SpectralModel

    rows = []
    within = (frequencies >= RANGE[0]) & (frequencies <= RANGE[1])
    for spectrum in spectra.reshape(-1, spectra.shape[-1]):
        model = SpectralModel(aperiodic_mode="fixed", verbose=False, **SETTINGS)
        model.fit(frequencies, spectrum, RANGE)
        offset, exponent = model.get_params("aperiodic")
        logs = np.log10(spectrum[within])
        left = logs - model.results.model.modeled_spectrum
        r2 = 1 - (left**2).sum() / ((logs - logs.mean()) ** 2).sum()
        rows.append((exponent, offset, r2, 1.4826 * np.median(np.abs(left))))
    shape = spectra.shape[:-1]
    exponent, offset, r2, spread = (np.array(column).reshape(shape) for column in zip(*rows, strict=True))
    return AperiodicLine(exponent=exponent, offset=offset, r2=r2, spread=spread)
