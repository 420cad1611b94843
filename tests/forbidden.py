"""Sentences that no report may hold, with the part of the methods that forbids them."""

from __future__ import annotations

import html
import re

FORBIDDEN = {
    # One arm, and none in the other, is no comparison; a passed test between arms says what it compared.
    r"(?:verum|acupuncture)[- ]specific": "specificity is of a comparison, never of an arm",
    r"(?<!disease-)\bspecific (?:to|for)\b": "arms differ or they do not; blinding is told beside",
    r"absent in (?:the )?sham": "a test that fails in one arm is no difference",
    # Not significant is not alike.
    r"\b(?:arms|groups) (?:were|are) (?:alike|equivalent|comparable)": "that needs an equivalence test",
    r"\bno effect of\b": "not shown is not absent",
    r"groups did not differ at baseline": "arms that were drawn are described, not tested",
    # Associations.
    r"mediated by": "six donors, or one visit, mediate nothing",
    r"proportion mediated": "it has no meaning where the effect is uncertain",
    r"\b(?:caused|driven|explained) by (?:the )?(?:change|connectivity)": "an association is no cause",
    r"predicts? (?:the )?response to (?:acupuncture|verum)": "a prognosis is no effect modification",
    r"biomarker": "nothing here has been tried on other people",
    # Words that lean.
    r"trend(?:ed)? towards?": "p above alpha is p above alpha",
    r"marginally significant": "p above alpha is p above alpha",
    r"\bproves?\b": "tests prove nothing",
}


ALLOWED = ("not evidence that the arms are alike",)


def said_too_much(text: str) -> list[str]:
    """Return what a text says and may not, with the reason; markup is read as people see it."""
    plain = re.sub(r"\s+", " ", html.unescape(re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", text, flags=re.DOTALL)))
    for sentence in ALLOWED:
        plain = plain.replace(sentence, "")
    found = ((re.search(pattern, plain, flags=re.IGNORECASE), why) for pattern, why in FORBIDDEN.items())
    return [f"{match[0]!r}: {why}" for match, why in found if match]
