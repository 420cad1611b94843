"""Every text that a reader sees comes from one catalogue of messages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import message_catalogue
import pytest
from jinja2 import nodes
from pages import visible
from pseudo_language import Marked, unmarked

from bids_app.report import html
from bids_app.report.messages import N_, _, in_script, language, ngettext

TEMPLATES = message_catalogue.REPORT / "templates"
SYMBOLS = {"deqi", "mm", "mm³", "rho", "sub", "doi"}
"""Names and units that are the same in every language."""

SELECTOR = re.compile(
    r'(?:querySelector(?:All)?|closest)\("[^"]*"\)|"deqi ratings "|" text \{ font-family: sans-serif; \}"'
)
"""Texts of scripts that no reader sees."""


def test_the_catalogue_is_what_the_code_says():
    assert message_catalogue.TEMPLATE.read_text(encoding="utf-8") == message_catalogue.written(), "run `make messages`"


def test_every_form_of_a_message_has_the_same_placeholders():
    for message in message_catalogue.collected():
        forms = message.id if isinstance(message.id, tuple) else (message.id,)
        named = [set(re.findall(r"%\((\w+)\)", form)) for form in forms]
        assert all(names <= named[-1] for names in named), message.id
        assert not re.search(r"%(?![(%])", "".join(forms).replace("%%", "")), message.id


def constants(node: nodes.Node) -> Iterator[str]:
    """Yield the texts that an expression of a template can become, but for those that are messages."""
    if isinstance(node, nodes.Const):
        yield str(node.value)
    elif isinstance(node, nodes.CondExpr):
        yield from constants(node.expr1)
        yield from constants(node.expr2 or nodes.Const(""))
    elif isinstance(node, nodes.Output | nodes.Concat | nodes.Or | nodes.Add):
        for child in node.iter_child_nodes():
            yield from constants(child)


def printed(expression: re.Match[str]) -> str:
    return " ".join(text for node in html._templates().parse(expression[0]).body for text in constants(node))


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_words_outside_messages(path):
    source = re.sub(r"\{\{.*?\}\}(?!\})", printed, path.read_text(encoding="utf-8"), flags=re.DOTALL)
    page = re.sub(r"\{%.*?%\}|\{#.*?#\}", "", source, flags=re.DOTALL)
    words = {word for text in visible(page) for word in re.findall(r"[^\W\d_]{2,}", text)}
    assert words - SYMBOLS == set()


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.js")), ids=lambda path: path.name)
def test_scripts_hold_no_sentences_outside_messages(path):
    with language(Marked()):
        script = html._templates().get_template(path.name).render()
    code = SELECTOR.sub("", re.sub(r"^\s*//.*", "", script, flags=re.MULTILINE))
    texts = [unmarked(text) for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', code)]
    assert [text for text in texts if re.search(r"[A-Za-z]{2,} [A-Za-z]", text)] == []


CODES = {"left out", "used in part", "not reported", "Harms of each arm", "et al", "et al."}
"""What code compares or files hold, and what is the same in every language; names of files have a star."""

NO_PAGE = ("claim_check.py", "outcome_rows.py")
"""A report of the command line, and the words of a table that the analysis writes."""


def sentences(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of code with more than one word that are no messages; remarks and docstrings apart."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    told = [arg for call in calls if call.func.id in ("_", "N_", "ngettext") for arg in call.args]
    told += [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    known = {id(part) for node in told for part in ast.walk(node)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in known else ""
        if isinstance(text, str) and "*" not in text and re.search(r"[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}", text):
            yield text


PARTS = [path for path in message_catalogue.REPORT.rglob("*.py") if path.name not in NO_PAGE]


@pytest.mark.parametrize("path", sorted(PARTS), ids=lambda path: str(path.relative_to(message_catalogue.REPORT)))
def test_code_holds_no_sentences_outside_messages(path):
    assert set(sentences(ast.parse(path.read_text(encoding="utf-8")))) - CODES == set()


def test_another_language_is_used_while_it_is_asked_for():
    table = {"one": N_("%(n)d of them")}
    with language(Marked()):
        assert _("%(n)d maps", n=2) == "2⟦ maps⟧"
        assert ngettext("%(num)d map", "%(num)d maps", 1) == "1⟦ map⟧"
        assert _(table["one"], n=3) == "3⟦ of them⟧"
        assert in_script("Rating of %(name)s", name="key") == '"⟦Rating of ⟧" + key'
    assert _("%(n)d maps", n=2) == "2 maps"


def test_what_is_filled_in_is_escaped_and_the_message_is_not():
    legend = html._templates().get_template("macros.html").module.legend
    assert "(&lt;b&gt;), left is left" in legend(1.0, 2.0, "<b>")
    with language(Marked()):
        assert "⟦(⟧&lt;b&gt;⟦), left is left⟧" in legend(1.0, 2.0, "<b>")


def test_texts_of_scripts_cannot_end_them():
    assert in_script("a </script> b") == r'"a \u003c/script> b"'
    assert in_script('say "%(what)s" at 5 %%', what="x") == r'"say \"" + x + "\" at 5 %"'
