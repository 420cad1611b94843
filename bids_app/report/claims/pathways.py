"""What may be said of a declared diagram: which paths were found within arms, and whether data contradict it.

No word of a cause: the diagram is a hypothesis, people were randomised to arms and to nothing within them.
"""

from __future__ import annotations

from bids_app.report.claims.maps import Verdict
from bids_app.report.claims.preregistration import sentence
from bids_app.report.formats import format_number, says_p
from bids_app.report.messages import N_, _, ngettext
from bids_app.report.text.wording import listed
from bids_app.vocabulary.pathway import ChainSaid, DiagramSaid, InstrumentSaid


def of_diagram(about: DiagramSaid) -> Verdict:
    """Return what a diagram says; never a claim, for it is exploratory whatever its p."""
    found = [one for one in about.paths if one.p_holm <= about.alpha]
    said = {"n": len(found), "all": len(about.paths), "people": _people(about), "among": _among(about),
            "name": about.name, "held": _held(about), "alpha": f"{about.alpha:g}".lstrip("0")}  # fmt: skip
    if len(about.arms) == 1 and not about.among:
        text = _("%(name)s: %(n)s of %(all)s declared paths are associated in one group, whose design has no arms "
                 "(%(people)s participants, p ≤ %(alpha)s corrected over all declared paths). %(held)s",
                 **said)  # fmt: skip
    else:
        text = _("%(name)s: %(n)s of %(all)s declared paths are associated within arms (%(among)s, %(people)s "
                 "participants, p ≤ %(alpha)s corrected over all declared paths). %(held)s", **said)  # fmt: skip
    remarks = [
        _("Exploratory, whatever its p: within arms no participant was randomised to have more of one. A common origin "
          "of two of them makes the same path; beside each stands how large it would have to be."),
    ]  # fmt: skip
    remarks += [*_of_components(about), *_of_few_arms(about), *_of_plan(about)]
    if about.c_p is not None and about.c_p <= about.alpha:
        remarks.append(
            _(
                "A diagram that is true is contradicted too, if what stands between two quantities is "
                "measured with error: an association of the two is left. The more participants, the surer."
            )
        )
    if about.untested:
        remarks.append(_("Not tested, for too few participants have both: %(pairs)s.", pairs="; ".join(about.untested)))
    if about.equivalent is None:
        remarks.append(_("How many other diagrams fit exactly as well was not counted: there are too many paths."))
    elif about.equivalent > 1:
        remarks.append(ngettext(
            "%(num)s other diagram, with arrows turned round, fits exactly as well.",
            "%(num)s other diagrams, with arrows turned round, fit exactly as well.", about.equivalent - 1,
        ))  # fmt: skip
    if any(not one.ordered for one in about.paths):
        remarks.append(_("Lines without a head join quantities of one visit: neither came first."))
    remarks += [of_chain(one) for one in about.chains]
    if about.instrument:
        remarks.append(of_instrument(about.instrument))
    return Verdict(text, False, tuple(remarks))


def _people(about: DiagramSaid) -> str:
    """Return how many participants paths rest on: a number, or from the fewest to the most."""
    counts = [one.participants for one in about.paths]
    low, high = min(counts), max(counts)
    return str(low) if low == high else _("%(low)s to %(high)s", low=low, high=high)


def _of_components(about: DiagramSaid) -> list[str]:
    """Return how much of several quantities the node has that stands for them."""
    return [
        _("%(name)s has %(share)s %% of the variance before treatment of what it stands for.", name=name,
          share=f"{100 * float(str(node['ShareOfComponent'])):.0f}")
        for name, node in about.nodes.items() if node["ShareOfComponent"] is not None
    ]  # fmt: skip


def _of_few_arms(about: DiagramSaid) -> list[str]:
    """Return which paths rest on participants of some arms alone."""
    return [
        _("%(parent)s, %(child)s: known in %(arms)s alone.", parent=one.parent, child=one.child, arms=listed(one.arms))
        for one in about.paths if len(one.arms) < len(about.arms)
    ]  # fmt: skip


def _of_plan(about: DiagramSaid) -> list[str]:
    """Return whether the diagram is the one that was locked."""
    plan = about.plan
    if plan is None:
        return []
    if plan.deviations:
        return [_("This is not the diagram that was locked on %(day)s: %(changes)s.", day=plan.locked_on,
                  changes="; ".join(map(sentence, plan.deviations)))]  # fmt: skip
    if plan.after_unblinding:
        return [_("The diagram is as it was locked on %(day)s, when arms could be read.", day=plan.locked_on)]
    return [_("The diagram is as it was locked on %(day)s, before arms could be read.", day=plan.locked_on)]


def _among(about: DiagramSaid) -> str:
    return about.among or _("all arms, an intercept each")


def _held(about: DiagramSaid) -> str:
    if about.c_p is None and about.untested:
        return _("No pair without a path could be tested, for too few participants have both.")
    if about.c_p is None:
        return _("The diagram joins every pair, so that no data can contradict it.")
    text = N_("The data do not contradict the independences that it declares (C = %(c)s, %(df)s df, %(p)s).")
    if about.c_p <= about.alpha:
        text = N_("The data contradict the independences that it declares (C = %(c)s, %(df)s df, %(p)s).")
    return _(text, c=format_number(about.c), df=about.c_df, p=says_p(about.c_p))


def of_chain(chain: ChainSaid) -> str:
    """Return what is said of paths one after another."""
    nodes = " → ".join(chain.nodes)
    said = {"nodes": nodes, "n": chain.participants, "a": f"{100 * chain.chance_at_r03:.0f}",
            "b": f"{100 * chain.chance_at_r05:.0f}", "low": format_number(chain.low), "high": format_number(chain.high),
            "product": format_number(chain.product)}  # fmt: skip
    if chain.found:
        return _("%(nodes)s: each of its paths passes by itself; product %(product)s (95 %% limits %(low)s to "
                 "%(high)s), %(n)s participants have every quantity. With so many, a chain of r = .3 is found whole in "
                 "%(a)s %% of trials, of r = .5 in %(b)s %%.", **said)  # fmt: skip
    return _("%(nodes)s: not shown as a whole; product %(product)s (95 %% limits %(low)s to %(high)s), %(n)s "
             "participants have every quantity. With so many, a chain of r = .3 is found whole in %(a)s %% of trials, "
             "of r = .5 in %(b)s %%.", **said)  # fmt: skip


def of_instrument(one: InstrumentSaid) -> str:
    """Return what is said of arms as an instrument, and on which sentence that rests."""
    said = {"first": one.first, "last": one.last, "f": format_number(one.f), "why": one.exclusion}
    if one.ratio is None:
        return _("Arm as an instrument of %(first)s and %(last)s: too weak (first-stage F %(f)s, below 10); no "
                 "estimate.", **said)  # fmt: skip
    if one.low is None or one.high is None:
        return _("Arm as an instrument of %(first)s and %(last)s (F %(f)s): every slope is compatible with the data.",
                 **said)  # fmt: skip
    return _("Arm as an instrument of %(first)s and %(last)s (F %(f)s): slope %(ratio)s, set of Anderson and Rubin "
             "%(low)s to %(high)s. That rests on this sentence alone: %(why)s", ratio=format_number(one.ratio),
             low=format_number(one.low), high=format_number(one.high), **said)  # fmt: skip
