"""`make bench-fnirs`: models of optical series, and coherence of all pairings, beside plain scripts.

Prints a table and writes it between marks of docs/performance.md. The plain model prewhitens and reweights as AR-IRLS
has it, with statsmodels; the plain coherence transforms both series of each pair.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from eeg import inside
from measured import Cost, cpu, publish
from targets import DOCUMENT, keep

MARKS = "<!-- fnirs table: made by make bench-fnirs -->", "<!-- end of fnirs table -->"
CHANNELS, RATE, SECONDS, ORDER, DYADS, FEW = 60, 5.0, 600.0, 20, 30, 4
"""Channels of both kinds of haemoglobin; dyads of one pair of regions; series that a plain script does."""


def noise(count: int, samples: int) -> np.ndarray:
    from scipy.signal import lfilter

    white = np.random.default_rng(1).standard_normal((samples + 300, count))
    return np.asarray(lfilter([1], [1, -0.95], white, axis=0)[300:])


def design(samples: int) -> np.ndarray:
    """Blocks, slow waves, four columns of the scalp and a constant."""
    box = ((np.arange(samples) / RATE) % 40 < 20).astype(float)
    slow = np.cos(np.pi * np.outer(np.arange(samples) + 0.5, np.arange(1, 16)) / samples)
    return np.column_stack([np.convolve(box, np.ones(30) / 30)[:samples], slow, noise(4, samples), np.ones(samples)])


def timed(work: Callable[[], object], times: float = 1.0) -> None:
    started = time.perf_counter()
    work()
    print((time.perf_counter() - started) * times)


def models(whose: str) -> None:
    """Fit all series of one recording, on one thread."""
    samples = int(RATE * SECONDS)
    series, x = noise(2 * CHANNELS, samples), design(samples)
    if whose == "ours":
        from bids_app.statistics.optics.robust_model import fit_all

        timed(lambda: fit_all(series, x, ORDER))
        return
    timed(lambda: [_plain_model(one, x) for one in series.T[:FEW]], 2 * CHANNELS / FEW)


def _plain_model(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the coefficients of one series: order by refits, filter, robust regression, four times over."""
    import statsmodels.api as sm
    from scipy.signal import lfilter
    from statsmodels.tsa.ar_model import ar_select_order

    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    for _ in range(4):
        chosen = ar_select_order(y - x @ beta, ORDER, ic="bic", trend="n").model.fit()
        kernel = np.append(1.0, -np.asarray(chosen.params))
        white = [lfilter(kernel, 1.0, values, axis=0)[len(kernel) :] for values in (y, x)]
        beta = sm.RLM(white[0], white[1], M=sm.robust.norms.TukeyBiweight(c=4.685)).fit().params
    return np.asarray(beta)


def pairs(whose: str) -> None:
    """Do coherence of every person of one role with every person of the other, on one thread."""
    from bids_app.statistics.optics.coherence import BandWavelet, coherence, transformed

    rate, samples = 2.0, int(2 * SECONDS)
    sides = noise(2 * DYADS, samples).T.reshape(2, DYADS, samples)
    wavelet = BandWavelet(samples, rate, (10.0, 20.0))
    if whose == "ours":

        def work() -> list[float]:
            ones, others = ([transformed(wavelet, one) for one in side] for side in sides)
            return [coherence(one, other).level for one in ones for other in others]

        timed(work)
        return
    timed(
        lambda: [
            coherence(transformed(wavelet, one), transformed(wavelet, other)).level
            for one in sides[0][:FEW] for other in sides[1]
        ],
        DYADS / FEW,
    )  # fmt: skip


NAMES = {
    "models": f"{2 * CHANNELS} series of {SECONDS / 60:g} min at {RATE:g} Hz, noise up to order {ORDER}",
    "pairs": f"coherence of {DYADS} x {DYADS} pairings, {SECONDS / 60:g} min at 2 Hz",
}


def line(name: str, found: Cost, other: Cost) -> str:
    costs = " | ".join(f"{cost.seconds:.3g} | {cost.memory:.0f}" for cost in (found, other))
    return f"| {name} | {costs} | **{other.seconds / found.seconds:.1f}** |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--run", nargs=2, metavar=("WHOSE", "WORK"))
    args = parser.parse_args()
    if args.run:
        {"models": models, "pairs": pairs}[args.run[1]](args.run[0])
        return
    lines = ["| one thread | deqi, s | MiB | plain script, s | MiB | times |", "|---|---|---|---|---|---|"]
    seconds = {}
    for key, name in NAMES.items():
        costs = [inside([sys.executable, __file__, "--run", whose, key], args.repeats) for whose in ("ours", "plain")]
        lines.append(line(name, *costs))
        seconds[key] = costs[0].seconds
        print(lines[-1])
    keep(optics=seconds["models"], coherence=seconds["pairs"])
    text = (
        f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {cpu()}, Python {platform.python_version()}; medians of "
        f"{args.repeats}, without imports; memory with the input. Plain scripts do a few series, or rows of pairings, "
        "times what is left.\n\n" + "\n".join(lines) + "\n"
    )  # fmt: skip
    publish(DOCUMENT, MARKS, text)


if __name__ == "__main__":
    main()
