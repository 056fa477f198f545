"""The chapters that the tests go through: a tiny one made for them, and all of the course."""

import ast
from pathlib import Path

from imgmusic_edu import chapters, editions, exercises
from imgmusic_edu.book import execution

ROOT = Path(__file__).resolve().parents[1]
TINY = ROOT / "tests" / "tiny_course"
TINY_SOURCE = TINY / "source" / "98_tiny_chapter.py"
PROJECT = editions.Project("someone/somewhere", "main", ("mido",))

exercises.__path__.append(str(TINY))  # so that ch98 is found beside the course's own exercises

CHAPTERS = {path.stem: chapters.read_chapter(path) for path in [TINY_SOURCE, *editions.sources(ROOT)]}


def kernel_environment(folder):
    """Variables for a kernel that keeps its own files in `folder`, knows the tiny chapter and has no network."""
    return execution.kernel_environment(folder, ROOT, exercises=[TINY])


def imports_of(chapter):
    """Names that the imports of a chapter's cells bring, `im` among them."""
    trees = [ast.parse(cell.source) for cell in chapter.cells if cell.kind == "code"]
    imports = [node for tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    setting = {}
    exec("import imgmusic_edu as im", setting)
    exec(compile(ast.Module(imports, []), "imports", "exec"), setting)
    return setting


def function_of(chapter, source):
    """The function that an exercise's cell defines, after the imports of the chapter's cells."""
    setting = imports_of(chapter)
    exec(compile(source, "cell", "exec"), setting)
    return setting[chapters.function_name(source)]
