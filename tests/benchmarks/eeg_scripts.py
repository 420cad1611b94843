"""One session of EEG as a careful user would script it. Usage: eeg_scripts.py {mne,scipy} FILE OUTPUT.

Both read with MNE, reference to the average and write the spectra of 4 s Hann windows that overlap by half, powers of
five bands, and a line through each spectrum without 7 to 14 Hz: `mne` by its psd_array_welch, `scipy` by signal.welch.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from scipy import signal

which, source, output = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
output.mkdir(parents=True, exist_ok=True)
raw = mne.io.read_raw(source, preload=True, verbose="error")
raw.set_eeg_reference("average", projection=False, verbose="error")
data, rate = raw.get_data() * 1e6, raw.info["sfreq"]
length = round(4 * rate)
if which == "mne":
    density, frequencies = mne.time_frequency.psd_array_welch(
        data, rate, 1, 45, n_fft=length, n_overlap=length // 2, window="hann", remove_dc=True, verbose="error"
    )
else:
    frequencies, density = signal.welch(data, rate, "hann", length, length // 2, detrend="constant")
    inside = (frequencies >= 1) & (frequencies <= 45)
    frequencies, density = frequencies[inside], density[:, inside]
bands = {"delta": (1, 4), "theta": (4, 8), "alpha": (8, 13), "beta": (13, 30), "gamma": (30, 45)}
width = frequencies[1] - frequencies[0]
powers = {
    name: np.log10(density[:, (frequencies >= low) & (frequencies < high)].sum(axis=1) * width)
    for name, (low, high) in bands.items()
}
fitted = (frequencies <= 40) & ~((frequencies >= 7) & (frequencies <= 14))
lines = [np.polyfit(np.log10(frequencies[fitted]), np.log10(row[fitted]), 1) for row in density]
tables = {
    "spectrum": pd.DataFrame(np.log10(density), columns=[f"{f:g}" for f in frequencies]),
    "bands": pd.DataFrame(powers),
    "aperiodic": pd.DataFrame(lines, columns=["slope", "offset"]),
}
for name, table in tables.items():
    table.insert(0, "channel", raw.ch_names)
    table.to_csv(output / f"{name}.tsv", sep="\t", index=False)
