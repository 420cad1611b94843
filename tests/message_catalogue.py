"""Collect the texts of pages into `bids_app/report/messages.pot`: run by `make messages`, and by the tests.

The file holds neither dates nor line numbers, so that it changes when a text does.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po

REPORT = Path(__file__).parents[1] / "bids_app" / "report"
TEMPLATE = REPORT / "messages.pot"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.js", "jinja2")]
OPTIONS = {
    pattern: {"newstyle_gettext": "true", "silent": "false"} for pattern, method in METHODS if method == "jinja2"
}
KEYWORDS = {**DEFAULT_KEYWORDS, "in_script": None}
HEADER = r"""# Texts of the pages of deqi; written by `make messages`.
msgid ""
msgstr ""
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""


def collected() -> Catalog:
    """Return every text of the code, the templates and the scripts."""
    catalogue = Catalog()
    found = extract_from_dir(REPORT, METHODS, OPTIONS, KEYWORDS)
    for name, line, message, comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        catalogue.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return catalogue


def written() -> str:
    """Return the content of the file."""
    out = BytesIO()
    write_po(out, collected(), width=120, omit_header=True, sort_output=True, include_lineno=False)
    return HEADER + out.getvalue().decode("utf-8")


if __name__ == "__main__":
    TEMPLATE.write_text(written(), encoding="utf-8")
