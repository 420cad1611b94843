"""Declared paths: constants of the specification (M9, M19; lavaan's), closed forms, and slow twins."""

import itertools

import numpy as np
import pytest
import scipy

from bids_app.statistics.pathways import equations
from bids_app.statistics.pathways.convergence import partial_conjunction, sign_test
from bids_app.statistics.pathways.diagram import Diagram, Independence
from bids_app.statistics.pathways.instrument import instrument
from bids_app.statistics.permutation.schemes import Exchange

CHAIN = Diagram(("a", "b", "c"), {"b": ("a",), "c": ("b",)})
FRAMEWORK = Diagram(
    ("dose", "pag", "net", "alpha", "vas"),
    {"pag": ("dose",), "net": ("pag",), "alpha": ("net",), "vas": ("alpha", "net")},
)


def data():
    """20 + 20 participants of a chain (specification, M9)."""
    rng = np.random.default_rng(7)
    dose = rng.standard_normal(40)
    pag = 0.5 * dose + rng.standard_normal(40)
    net = 0.5 * pag + rng.standard_normal(40)
    alpha = 0.4 * net + rng.standard_normal(40)
    vas = -0.4 * alpha - 0.3 * net + rng.standard_normal(40)
    found = {"dose": dose, "pag": pag, "net": net, "alpha": alpha, "vas": vas}
    return {name: values.round(3) for name, values in found.items()}


ARM = np.repeat([1, 0], 20)


def equation(child, others):
    values = data()
    return equations.Equation(
        name=child, child=values[child], parents={name: values[name] for name in FRAMEWORK.parents[child]},
        others=others, blocks=ARM.astype(np.intp), arm=ARM.astype(np.intp),
    )  # fmt: skip


POOLED, GIVEN = np.ones((40, 1)), np.column_stack([ARM == 1, ARM == 0]).astype(float)


@pytest.mark.parametrize(("others", "expected", "chain"), [
    (POOLED, [0.3554416, 0.5680753, 0.4002411, -0.3149554, -0.4649107], -0.0254533),
    (GIVEN, [0.3395335, 0.5835652, 0.4006860, -0.3321789, -0.4561150], -0.0263723),
])  # fmt: skip
def test_equations_are_those_of_lavaan(others, expected, chain):
    """Maximum likelihood of lavaan, and least squares given the arm."""
    found = np.concatenate([equations.coefficients(equation(child, others)) for child in FRAMEWORK.parents])
    assert found == pytest.approx(expected, abs=5e-7)
    assert np.prod(found[:4]) == pytest.approx(chain, abs=5e-7)
    if others is GIVEN:
        assert found[0] * found[1] * found[4] == pytest.approx(-0.0903746, abs=5e-7)


def test_independences_that_the_diagram_declares():
    """Basis set in its order, partial correlations with their degrees of freedom, C and its p."""
    assert [(one.first, one.second, set(one.given)) for one in FRAMEWORK.independences] == [
        ("dose", "net", {"pag"}), ("dose", "alpha", {"net"}), ("dose", "vas", {"alpha", "net"}),
        ("pag", "alpha", {"net", "dose"}), ("pag", "vas", {"alpha", "net", "dose"}),
    ]  # fmt: skip
    values = data()

    def tested(others):
        return [
            equations.partial_correlation(
                values[one.first], values[one.second], np.column_stack([*(values[name] for name in one.given), others])
            )
            for one in FRAMEWORK.independences
        ]

    found = tested(POOLED)
    assert [r for r, _, _ in found] == pytest.approx(
        [0.1689392, -0.0523315, -0.0214854, -0.0696042, -0.0065987], abs=5e-7
    )
    assert [df for _, df, _ in found] == [37, 37, 36, 36, 35]
    c, df, p = equations.fisher_c([p for *_, p in found])
    assert (c, df, p) == (pytest.approx(4.007991, abs=2e-6), 10, pytest.approx(0.946986, abs=1e-6))
    c, df, p = equations.fisher_c([p for *_, p in tested(GIVEN)])
    assert (c, p) == (pytest.approx(4.223834, abs=2e-6), pytest.approx(0.936685, abs=1e-6))


def test_limits_by_participants_drawn_within_arms():
    """Chain by 5,000 draws: -.109 to .001 (tolerance .01)."""
    rng = np.random.default_rng(3)
    own = [equation(child, GIVEN) for child in FRAMEWORK.parents]
    rows = [np.arange(40)] * len(own)
    chains = []
    for _ in range(3000):
        people = np.concatenate([rng.choice(np.flatnonzero(side == ARM), 20) for side in (0, 1)])
        found = np.concatenate(equations.drawn(own, people, rows))
        chains.append(found[0] * found[1] * found[2] * found[3])
    assert np.percentile(chains, [2.5, 97.5]) == pytest.approx([-0.109, 0.001], abs=0.012)


def test_p_of_a_path_is_that_of_residuals_exchanged():
    """Slow twin: Freedman and Lane written out, one refit for each order; t is that of the whole regression."""
    own = equation("vas", GIVEN)
    scheme = Exchange(own.blocks, 1, 199)
    first, second = equations.paths(own, np.zeros((2, 2)), scheme)
    design = own.design
    beta = np.linalg.lstsq(design, own.child, rcond=None)[0]
    left = own.child - design @ beta
    error = np.sqrt(left @ left / 36 * np.diag(np.linalg.inv(design.T @ design)))
    assert (first.coefficient, first.error, first.df) == (pytest.approx(beta[0]), pytest.approx(error[0]), 36)
    assert second.t == pytest.approx(beta[1] / error[1])
    rest = design[:, 1:]
    fitted = rest @ np.linalg.lstsq(rest, own.child, rcond=None)[0]
    residual, reached = own.child - fitted, []
    for order in scheme.draw(0, scheme.total).astype(int):
        y = fitted + residual[order]
        again = np.linalg.lstsq(design, y, rcond=None)[0]
        over = y - design @ again
        reached.append(abs(again[0]) / np.sqrt(over @ over / 36 * np.linalg.inv(design.T @ design)[0, 0]))
    assert first.p == pytest.approx(np.mean(np.array(reached) >= reached[0] * (1 - 1e-9)))
    r, _, _ = equations.partial_correlation(own.parents["alpha"], own.child, rest)
    assert first.breaks == pytest.approx(r)


def test_an_instrument():
    """M19: first-stage F, ratio, and the set of Anderson and Rubin: everything, or two ends."""
    values = data()
    weak = instrument(ARM.astype(float), values["pag"], values["vas"], POOLED)
    assert (weak.f, weak.ratio) == (pytest.approx(1.1244, abs=1e-4), pytest.approx(-1.4824988, abs=1e-6))
    assert weak.weak
    assert np.isinf([weak.low, weak.high]).all()
    strong = instrument(ARM.astype(float), values["pag"] + 2 * ARM, values["vas"], POOLED)
    assert (strong.f, strong.ratio) == (pytest.approx(59.5657, abs=1e-4), pytest.approx(-0.2036833, abs=1e-6))
    assert (strong.low, strong.high) == (pytest.approx(-0.4839620, abs=1e-6), pytest.approx(0.0891464, abs=1e-6))
    # Slow twin: F of the arm in what is left of the outcome, at and beyond the ends.
    for b, expected in ((strong.low, 0.05), (strong.high, 0.05)):
        y = values["vas"] - b * (values["pag"] + 2 * ARM)
        groups = y[ARM == 1], y[ARM == 0]
        assert scipy.stats.ttest_ind(*groups).pvalue == pytest.approx(expected, abs=1e-6)


def test_diagrams_that_declare_the_same():
    """A chain of three has 3; a collider is alone; a whole triangle has 6."""
    assert CHAIN.equivalent == 3
    assert Diagram(("a", "b", "c"), {"c": ("a", "b")}).equivalent == 1
    assert Diagram(("a", "b", "c"), {"b": ("a",), "c": ("a", "b")}).equivalent == 6
    assert CHAIN.independences == (Independence("a", "c", ("b",)),)


def implied(arrows):
    """Return which pairs are independent given which nodes, from the inverse covariance of data without noise."""
    nodes, rng = FRAMEWORK.nodes, np.random.default_rng(1)
    weights = np.zeros((5, 5))
    for parent, child in arrows:
        weights[nodes.index(child), nodes.index(parent)] = rng.uniform(0.4, 0.9)
    inverse = np.linalg.inv(np.eye(5) - weights)
    covariance, found = inverse @ inverse.T, set()
    for i, j in itertools.combinations(range(5), 2):
        others = [k for k in range(5) if k not in (i, j)]
        sets = itertools.chain.from_iterable(itertools.combinations(others, size) for size in range(4))
        for given in sets:
            block = covariance[np.ix_([i, j, *given], [i, j, *given])]
            found |= {(i, j, given)} if abs(np.linalg.inv(block)[0, 1]) < 1e-9 else set()
    return found


def test_equivalent_diagrams_imply_the_same_independences():
    """Slow twin: every turned diagram of the framework that has no circle."""
    own, count = implied(FRAMEWORK.arrows), 0
    for turned in itertools.product((False, True), repeat=len(FRAMEWORK.arrows)):
        arrows = [a[::-1] if turn else a for a, turn in zip(FRAMEWORK.arrows, turned, strict=True)]
        parents = {}
        for parent, child in arrows:
            parents[child] = (*parents.get(child, ()), parent)
        try:
            Diagram(FRAMEWORK.nodes, parents)
        except ValueError:
            continue
        count += implied(arrows) == own
    assert FRAMEWORK.equivalent == count > 1


def test_what_is_no_diagram():
    with pytest.raises(ValueError, match="paths go in a circle: a -> b -> c -> a"):
        Diagram(("a", "b", "c"), {"b": ("a",), "c": ("b",), "a": ("c",)})
    with pytest.raises(ValueError, match="paths name d, which is no node; there are a, b"):
        Diagram(("a", "b"), {"b": ("d",)})


def test_chains_go_from_the_first_to_the_last():
    assert set(FRAMEWORK.chains) == {("dose", "pag", "net", "alpha", "vas"), ("dose", "pag", "net", "vas")}


def test_chance_to_find_a_whole_chain():
    """Each link of r = .3 with 60 participants 65 %, four of them 19 %; r = .5: 94 % (specification, simulated)."""
    assert equations.chance_of_whole_chain([0.3], 60) == pytest.approx(0.65, abs=0.02)
    assert equations.chance_of_whole_chain([0.3] * 4, 60) == pytest.approx(0.19, abs=0.02)
    assert equations.chance_of_whole_chain([0.5] * 4, 60) == pytest.approx(0.94, abs=0.02)


def test_what_several_sources_say():
    """Signs by the binomial; partial conjunction of all is the largest p; of one Fisher's, or Simes'."""
    assert (sign_test(5, 5), sign_test(6, 7), sign_test(3, 6)) == (0.0625, 0.125, 1.0)
    p = [0.001, 0.02, 0.3]
    assert partial_conjunction(p, 3) == pytest.approx(0.3)
    assert partial_conjunction(p, 1) == pytest.approx(scipy.stats.combine_pvalues(p, "fisher").pvalue)
    assert partial_conjunction(p, 2) == pytest.approx(scipy.stats.combine_pvalues([0.02, 0.3], "fisher").pvalue)
    assert partial_conjunction(p, 2, independent=False) == pytest.approx(min(2 * 0.02, 0.3))
