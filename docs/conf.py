"""Sphinx settings; pages of the reference are made from the code before each build."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import generate  # noqa: E402

from bids_app import __version__  # noqa: E402

project, author, release = "deqi", "the deqi developers", __version__
copyright = "the deqi developers, Apache-2.0"  # noqa: A001
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.doctest", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autodoc_typehints = "none"  # the docstrings have types with shapes
napoleon_google_docstring = False
nitpick_ignore_regex = [("py:class", ".*")]  # types of docstrings are words with shapes
html_theme = "furo"
html_title = f"deqi {__version__}"
exclude_patterns = ["_build"]
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}

generate.write_all(HERE / "reference")
