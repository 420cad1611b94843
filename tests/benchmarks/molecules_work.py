"""One piece of work on regions and genes, by deqi or by another program; run by the Python that has it.

Words: the name of a function here. Prints seconds, how many maps, peak memory (MiB) and one number to agree upon.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np

REGIONS, GENES, MAPS = 100, 15000, 10000

rng = np.random.default_rng(0)
PLACES = rng.uniform(-60, 60, (REGIONS, 3))
DISTANCE = np.sqrt(((PLACES[:, None] - PLACES[None]) ** 2).sum(-1))
ROOT = np.linalg.cholesky(np.exp(-DISTANCE / 30) + 1e-9 * np.eye(REGIONS))
MAP = ROOT @ rng.standard_normal(REGIONS)
EXPRESSION = ROOT @ rng.standard_normal((REGIONS, GENES))
NULL = np.vstack([MAP, rng.standard_normal((MAPS - 1, REGIONS)) @ ROOT.T])
FEW = EXPRESSION[:, :2000]
MEMBERS = np.arange(0, 400, 10)


def inverse():
    weights = 1 / np.where(DISTANCE > 0, DISTANCE, np.inf)
    np.fill_diagonal(weights, 0)
    return weights


def morans_i(maps):
    """Return the mean of Moran's I over maps."""
    weights = inverse()
    centred = maps - maps.mean(-1, keepdims=True)
    return (REGIONS / weights.sum() * ((centred @ weights) * centred).sum(-1) / (centred**2).sum(-1)).mean()


def correlations():
    from scipy import stats

    return np.array([stats.spearmanr(MAP, gene).statistic for gene in FEW.T])


def told(work, count):
    """Print what a piece of work cost and said."""
    started = time.perf_counter()
    said = work()
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "count": count, "memory": memory, "said": float(said)}))


def deqi_variogram():
    from bids_app.statistics.spatial import variogram

    told(lambda: morans_i(variogram.surrogates(MAP, DISTANCE, MAPS, rng)), MAPS)


def brainsmash():
    from brainsmash.mapgen.base import Base

    told(lambda: morans_i(np.asarray(Base(x=MAP, D=DISTANCE, seed=1)(n=20))), 20)


def deqi_moran():
    from bids_app.statistics.spatial import moran

    told(lambda: morans_i(moran.surrogates(MAP, moran.neighbourhood(DISTANCE), MAPS, rng)), MAPS)


def brainspace():
    from brainspace.null_models.moran import MoranRandomization

    made = MoranRandomization(n_rep=MAPS, joint=True, random_state=0, tol=1e-9)
    told(lambda: morans_i(made.fit(inverse()).randomize(MAP)), MAPS)


def deqi_scores():
    from bids_app.statistics.spatial.correlation_tests import ranks, tested, unit

    told(lambda: tested(unit(ranks(NULL, 1).T).T, unit(ranks(EXPRESSION))).score[0], MAPS)


def scipy_scores():
    from scipy import stats

    genes = stats.zscore(stats.rankdata(EXPRESSION, axis=0))

    def work():
        scores = [stats.zscore(stats.rankdata(one)) @ genes / REGIONS for one in NULL[:200]]
        return scores[0][0]

    told(work, 200)


def deqi_components():
    from bids_app.statistics.spatial import pls

    told(lambda: pls.explained(pls.gram(EXPRESSION), NULL)[0, 0], MAPS)


def sklearn_components():
    from sklearn.cross_decomposition import PLSRegression

    genes = (EXPRESSION - EXPRESSION.mean(0)) / EXPRESSION.std(0)

    def explained(one):
        fitted = PLSRegression(1, scale=False).fit(genes, one)
        return np.corrcoef(fitted.x_scores_[:, 0], one)[0, 1] ** 2

    def work():
        shares = [explained(one) for one in NULL[:20]]
        return shares[0]

    told(work, 20)


def deqi_sets():
    from bids_app.statistics.spatial import enrichment
    from bids_app.statistics.spatial.correlation_tests import ranks, unit

    weights = enrichment.membership([list(MEMBERS)] * 500, FEW.shape[1])
    maps, genes = unit(ranks(NULL, 1).T).T, unit(ranks(FEW))
    single = correlations()

    def work():
        enrichment.scored(maps, enrichment.means(genes, weights))
        return enrichment.running_sum(single, MEMBERS)

    told(work, MAPS)


def gseapy_sets():
    import gseapy
    import pandas as pd

    names = [str(i) for i in range(FEW.shape[1])]
    ranking = pd.DataFrame({"gene": names, "score": correlations()})
    sets = {str(i): [str(member) for member in MEMBERS] for i in range(500)}
    options = {"min_size": 1, "permutation_num": 1000, "threads": 1, "seed": 1, "no_plot": True, "outdir": None}
    told(lambda: gseapy.prerank(rnk=ranking, gene_sets=sets, **options).res2d["ES"].iloc[0], 1000)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
