"""Pain sensitivity of real people predicted at sites that models have not seen; writes docs/validation.md.

Real data: healthy people of three sites (Spisak et al. 2020, Nature Communications 11:187), of whom the authors
included 91. Their published partial correlations are the features, the composite of pain thresholds is predicted.
Whatever comes out is written.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from measured import publish
from real_data import FOLDER

from bids_app import plugs
from bids_app.statistics.prediction.cross_validation import Assessment, CrossValidation, assess
from bids_app.statistics.prediction.nested_cv import train
from bids_app.statistics.prediction.performance import good_of
from bids_app.statistics.prediction.preprocessing import Features
from bids_app.statistics.prediction.task import PredictionTask

ROOT = Path(__file__).parents[2]
MARKS = "<!-- pain: made by make pain -->", "<!-- end of pain -->"
SITES = ("bochum", "essen", "szeged")
CLINICAL = ("Age", "Male", "meanFD")


def read(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return pain sensitivity, age, sex and motion, edges, and site of everybody included."""
    tables, edges = [], []
    for site in SITES:
        tables.append(pd.read_csv(folder / f"{site}_participants_included_with_predictions.csv"))
        edges.append(np.load(folder / f"{site}_reference_partialcorr_features.npy"))
    whole = pd.concat(tables)
    site = np.repeat(np.arange(len(SITES)), [len(table) for table in tables])
    pain, clinical = whole["mean_QST_pain_sensitivity"].to_numpy(), whole[list(CLINICAL)].to_numpy(float)
    return pain, clinical, np.concatenate(edges), site


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--permutations", type=int, default=100)
    args = parser.parse_args()
    folder = FOLDER / "rpn_pain_rest"
    pain, clinical, edges, site = read(folder)
    task = PredictionTask(pain, site.astype(np.intp), classes=False)
    plan = CrossValidation(
        arm=np.zeros(len(pain)),
        sites=site.astype(np.intp),
        repeats=args.repeats,
        permutations=args.permutations,
        seed=0,
        threads=2,
    )
    n = len(pain)
    sets = {
        "age, sex, motion": Features(
            clinical=clinical, brain=np.empty((n, 0)), confounds=np.empty((n, 0)), names=CLINICAL
        ),
        "connectivity": Features(
            clinical=np.empty((n, 0)), brain=edges, confounds=np.empty((n, 0)), names=[""] * edges.shape[1]
        ),
        "both": Features(clinical=clinical, brain=edges, confounds=np.empty((n, 0)), names=[""] * (3 + edges.shape[1])),
    }
    head = [
        "learner",
        "features",
        "R2 in held-out participants (95 %)",
        "r",
        "p",
        *(f"R2, {name} unseen" for name in SITES),
    ]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name in plugs.names("predictors"):
        plug = plugs.predictor(name)
        for label, features in sets.items():
            found = assess(features, task, plan, plug.learner(plug.options()))
            lines.append(_line(name, label, found))
            print(lines[-1], flush=True)
    people = ", ".join(f"{int((site == i).sum())} {name}" for i, name in enumerate(SITES))
    where = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {n} people ({people}), {edges.shape[1]} edges, 5 folds balanced over "
        f"sites, {args.repeats} divisions, {args.permutations} outcomes exchanged within sites."
    )
    lines += ["", "Ridge on connectivity, trained at one site and tried at another: R2, and r of its predictions.", ""]
    lines += list(_between_sites(sets["connectivity"], task, site))
    publish(ROOT / "docs" / "validation.md", MARKS, "\n".join(["", where, "", *lines, ""]))


def _between_sites(features: Features, task: PredictionTask, site: np.ndarray) -> Iterator[str]:
    """Yield a row for each site that is learnt from, a cell for each that is predicted."""
    plug = plugs.predictor("ridge")
    yield "| learnt from | " + " | ".join(f"{name} predicted" for name in SITES) + " |"
    yield "|---" * (1 + len(SITES)) + "|"
    rows = [np.flatnonzero(site == i) for i in range(len(SITES))]
    for name, own in zip(SITES, rows, strict=True):
        model = train(features.rows(own), task.rows(own), plug.learner(plug.options()), 0)
        cells = []
        for other in rows:
            told, real = model.predict(features.rows(other)), task.outcome[other]
            r = np.corrcoef(told, real)[0, 1]
            cells.append("" if other is own else f"{good_of(told, task.rows(other)):.2f}, r = {r:.2f}")
        yield "| " + " | ".join([name, *cells]) + " |"


def _line(name: str, label: str, found: Assessment) -> str:
    sites = [f"{found.sites[i]:.2f}" if i in found.sites else "" for i in range(len(SITES))]
    good = f"{found.good.mean():.2f} ({found.low:.2f} to {found.high:.2f})"
    cells = [name.replace("_", " "), label, good, f"{found.more['r']:.2f}", f"{found.p:.3f}", *sites]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
