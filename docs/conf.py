"""How the book is made: run by Sphinx, which `python -m imgmusic_edu.book` starts.

The pages are not here: they are made from the chapters, the package and the data into a build folder.
"""

import os
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REPOSITORY = PYPROJECT["project"]["urls"]["Repository"]

project = "imgmusic_edu"
author = "the imgmusic_edu authors"
copyright = f"{author}. Code: MIT. Pictures, scores and sounds belong to their authors"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "imgmusic_edu.book.docstrings",
    "imgmusic_edu.book.mathml",
]
default_role = "py:obj"  # single backticks in docstrings are names: a link where the name is known
suppress_warnings = ["mystnb.unknown_mime_type", "ref.python"]  # a name in backticks that several rooms have

nb_execution_mode = "off"  # they have been run
nb_ipywidgets_js = {}  # would ask a server; a widget's saved HTML stands for it
nb_output_stderr = "remove"
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say more
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_param = False  # what stands for a type here are words, and words are no links
napoleon_use_rtype = False
python_display_short_literal_types = True
add_module_names = False
toc_object_entries = False

html_show_search_summary = False  # it would ask for each page that was found, which a browser refuses from disk
html_theme = "sphinx_book_theme"
html_title = "Hear a picture"
html_logo = html_favicon = "static/logo.svg"
html_static_path = ["static"]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "repository_url": REPOSITORY,
    "repository_branch": PYPROJECT["tool"]["imgmusic_edu"]["branch"],
    "use_repository_button": True,
    "use_download_button": True,
    "home_page_in_toc": True,
    "navbar_persistent": [],  # one search is enough
    "show_toc_level": 2,
    "search_bar_text": "Search the book ...",
    "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    "logo": {"text": "Hear a picture", "alt_text": "Hear a picture, the first page"},
}
