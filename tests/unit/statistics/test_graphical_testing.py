"""Graphs of hypotheses against closed testing over all intersections, and against Holm and fixed sequences."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bids_app.errors import UsageError
from bids_app.statistics.graphical_testing import decide
from bids_app.statistics.permutation.corrections import holm
from bids_app.vocabulary.hypotheses import LITTLE, HypothesisGraph, Multiplicity, graphs_of


def handed_on(shares, arrows, gone):
    """Return weights of those that are left after some are gone, one at a time, by the formula of the paper."""
    w, g = dict(enumerate(shares)), {(i, j): arrows[i][j] for i in range(len(shares)) for j in range(len(shares))}
    left = set(w)
    for out in gone:
        left.remove(out)
        w = {i: w[i] + w[out] * g[out, i] for i in left}
        new = {}
        for i, j in ((i, j) for i in left for j in left):
            around = g[i, out] * g[out, i]
            new[i, j] = 0.0 if i == j or around >= 1 else (g[i, j] + g[i, out] * g[out, j]) / (1 - around)
        g = new
    return w


def closed(shares, arrows, p):
    """Return adjusted p of a closed test: every intersection by weighted Bonferroni, 2^m - 1 of them."""
    m = len(p)
    adjusted = np.zeros(m)
    for size in range(1, m + 1):
        for members in combinations(range(m), size):
            w = handed_on(shares, arrows, [i for i in range(m) if i not in members])
            least = min((p[i] / w[i] for i in members if w[i] > 0), default=1.0)
            for i in members:
                adjusted[i] = max(adjusted[i], min(1.0, least))
    return adjusted


def graph_of(shares, arrows):
    names = tuple(f"h{i}" for i in range(len(shares)))
    pairs = {(names[i], names[j]): arrows[i][j] for i, j in permutations(range(len(shares)), 2) if arrows[i][j]}
    return HypothesisGraph(names=names, shares=tuple(shares), arrows=pairs)


def adjusted_of(graph, p):
    found = decide(graph, dict(zip(graph.names, p, strict=True)), 0.05)
    return np.array([found[name].adjusted for name in graph.names])


@st.composite
def graphs(draw):
    m = draw(st.integers(2, 5))
    numbers = st.integers(0, 4)
    shares = np.array([draw(numbers) for _ in range(m)], dtype=float)
    shares = shares / shares.sum() if shares.any() else np.full(m, 1 / m)
    arrows = np.array([[0 if i == j else draw(numbers) for j in range(m)] for i in range(m)], dtype=float)
    sums = arrows.sum(axis=1, keepdims=True)
    arrows = np.divide(arrows, sums, out=np.zeros_like(arrows), where=sums > 0)
    p = [draw(st.floats(0.0001, 0.2)) for _ in range(m)]
    return shares, arrows, p


@given(graphs())
def test_adjusted_p_are_those_of_the_closed_test(drawn):
    shares, arrows, p = drawn
    graph = graph_of(shares, arrows)
    assert adjusted_of(graph, p) == pytest.approx(closed(shares, arrows, p), rel=1e-6, abs=1e-9)
    for one in decide(graph, dict(zip(graph.names, p, strict=True)), 0.05).values():
        assert one.passed == (one.adjusted <= 0.05 * (1 + 1e-12))
        assert one.passed == (one.p <= one.level * (1 + 1e-9)) or one.level == 0


@given(st.lists(st.floats(0.0001, 1), min_size=2, max_size=6))
def test_equal_shares_with_arrows_to_all_are_holm(p):
    m = len(p)
    arrows = (np.ones((m, m)) - np.eye(m)) / (m - 1)
    assert adjusted_of(graph_of(np.full(m, 1 / m), arrows), p) == pytest.approx(holm(p))


def test_a_chain_is_a_fixed_sequence():
    arrows = np.eye(4, k=1)
    assert adjusted_of(graph_of([1, 0, 0, 0], arrows), [0.01, 0.04, 0.02, 0.3]) == pytest.approx(
        [0.01, 0.04, 0.04, 0.3]
    )
    assert adjusted_of(graph_of([1, 0, 0, 0], arrows), [0.2, 0.001, 0.001, 0.001]) == pytest.approx([0.2] * 4)


def test_no_arrows_are_bonferroni():
    assert adjusted_of(graph_of([0.5, 0.5], np.zeros((2, 2))), [0.02, 0.04]) == pytest.approx([0.04, 0.08])


def test_brain_and_symptom_share_alpha_and_secondaries_wait_for_both():
    (graph,) = graphs_of(Multiplicity(), ("seed_correlation", "alff", "reho"), {"vas": "primary", "psqi": "secondary"})
    assert dict(zip(graph.names, graph.shares, strict=True)) == {
        "seed_correlation": 0.5, "vas": 0.5, "alff": 0, "reho": 0, "psqi": 0
    }  # fmt: skip
    one = {"seed_correlation": 0.01, "vas": 0.3, "alff": 0.0001, "reho": 0.0001, "psqi": 0.0001}
    assert [name for name, found in decide(graph, one, 0.05).items() if found.passed] == ["seed_correlation"]
    assert decide(graph, one, 0.05)["vas"].level == pytest.approx(0.05, rel=1e-4)
    assert decide(graph, one, 0.05)["alff"].level <= 0.05 * LITTLE
    both = {**one, "vas": 0.04, "alff": 0.012, "reho": 0.02}
    assert all(found.passed for found in decide(graph, both, 0.05).values())
    assert not decide(graph, {**both, "alff": 0.03, "reho": 0.03}, 0.05)["alff"].passed


def test_without_a_primary_outcome_the_brain_has_all_of_alpha():
    (graph,) = graphs_of(Multiplicity(), ("alff", "reho"), {"vas": "exploratory"})
    found = decide(graph, {"alff": 0.04, "reho": 0.045}, 0.05)
    assert found["alff"].passed
    assert found["reho"].passed
    assert not decide(graph, {"alff": 0.06, "reho": 0.001}, 0.05)["reho"].passed


def test_two_questions_that_were_planned_have_all_of_alpha_each():
    brain, clinical = graphs_of(Multiplicity(clinical="own"), ("seed_correlation",), {"vas": "primary"})
    assert (brain.names, brain.shares, clinical.names, clinical.shares) == (("seed_correlation",), (1,), ("vas",), (1,))


def test_what_was_planned_and_is_not_there_counts_as_one():
    graph = graph_of([0.5, 0.5], [[0, 1], [1, 0]])
    assert decide(graph, {"h0": 0.03}, 0.05)["h0"].adjusted == pytest.approx(0.06)
    assert decide(graph, {"h0": 0.02, "h1": float("nan")}, 0.05)["h1"].p == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Multiplicity(shares=("alff=0.5", "vas=0.4")), "multiplicity.shares sum to 0.9; expected 1"),
        (Multiplicity(shares=("alff=1",), arrows=("alff>vas=0.6", "alff>reho=0.6")), "arrows of alff sum to 1.2"),
        (Multiplicity(shares=("alf=1",)), "'alf' is no hypothesis.*alff"),
        (Multiplicity(shares=("alff=1",), arrows=("alff>pain=1",)), "'pain' is no hypothesis"),
        (Multiplicity(shares=("alff=half",)), "'alff=half' is not understood; expected NAME=SHARE"),
        (Multiplicity(shares=("alff=1", "alff=0")), "stands there twice"),
        (Multiplicity(primary="task_glm"), "multiplicity.primary is 'task_glm'"),
    ],
)
def test_a_graph_that_cannot_be_ends_with_the_sentence(options, said):
    with pytest.raises(UsageError, match=said):
        graphs_of(options, ("alff", "reho"), {"vas": "primary"})


def test_an_outcome_named_as_a_measure_is_refused():
    with pytest.raises(UsageError, match="has the name of a measure"):
        graphs_of(Multiplicity(), ("alff",), {"alff": "primary"})


def test_a_secondary_outcome_without_a_primary_one_comes_after_the_brain():
    (graph,) = graphs_of(Multiplicity(), ("eeg_spectrum",), {"alpha": "secondary", "iaf": "exploratory"})
    assert graph.names == ("eeg_spectrum", "alpha")
    assert graph.shares == (1.0, 0.0)
    assert graph.arrows == {("eeg_spectrum", "alpha"): 1.0}
    assert graphs_of(Multiplicity(), (), {"alpha": "secondary"}) == ()
