"""Which chapter teaches a function, and which functions a chapter's cells call: read from the sources, nothing is run.

A docstring names the chapter, and maybe its section, after the words "Taught in"; where it does not, its module speaks
for it, and then the module's package.  What a cell calls is followed through imports to the place where it is defined.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

# Rooms whose functions no chapter need teach, and why.
PLUMBING = {
    "imgmusic_edu.files": "opens and writes files for the other rooms",
    "imgmusic_edu.access": "asks figures whether all can read them",
    "imgmusic_edu.drawn": "reads a figure back, for ears, tables and checks",
    "imgmusic_edu.chapters": "reads the chapters' sources",
    "imgmusic_edu.claims": "holds a chapter's text against its code",
    "imgmusic_edu.editions": "makes the notebooks",
    "imgmusic_edu.traces": "finds what this page says",
    "imgmusic_edu.course_map": "writes this page",
    "imgmusic_edu.book": "runs the chapters and makes the book of them",
    "imgmusic_edu.exercises": "holds exercises together; what a learner calls there is taught in chapter 00",
}
_NOT_TAUGHT = re.compile(r"\.exercises\.(ch|quiz)\d\d$")  # they belong to their chapter as a whole


class Mention(NamedTuple):
    """A chapter that a docstring names: "10", and the titles quoted after it, which are its own or its sections'."""

    chapter: str
    quoted: tuple[str, ...] = ()


class Function(NamedTuple):
    """A public function or class: its module, its name, and what the docstrings say, its own first.

    `mentions` are those of the first docstring that names a chapter; `behind` those of its module, for their sections.
    """

    module: str
    name: str
    mentions: tuple[Mention, ...]
    behind: tuple[Mention, ...]

    @property
    def path(self):
        """ "imgmusic_edu.composer.form.lay_out"."""
        return f"{self.module}.{self.name}"


class Use(NamedTuple):
    """A name of the package in a cell: section, as it is written, and where it is defined (None: nowhere)."""

    section: str
    written: str
    defined: str | None


@dataclass
class _Module:
    docstring: str
    package: bool
    defined: dict[str, str] = field(default_factory=dict)  # public or not: name -> its docstring
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> module and name there; "": the module
    assigned: set[str] = field(default_factory=set)


def mentions(docstring):
    """Chapters that a docstring says something is taught in.

    Parameters
    ----------
    docstring : str or None

    Returns
    -------
    tuple of Mention
    """
    found: list[tuple[str, list[str]]] = []
    text = " ".join((docstring or "").split())
    for sentence in re.findall(r'Taught in ((?:"[^"]*"|\([^)]*\)|[^.;"(])*)', text):
        for number, quoted in re.findall(r'\b(\d\d)\b|"([^"]*)"', re.sub(r"\([^)]*\)", "", sentence)):
            if number:
                found.append((number, []))
            elif found:
                found[-1][1].append(quoted)
    return tuple(Mention(number, tuple(quoted)) for number, quoted in found)


class Package:
    """The names of a package, read from its files.

    Parameters
    ----------
    folder : path of the package; one that is not there has no names
    """

    def __init__(self, folder):
        folder = Path(folder)
        self.name = folder.name
        self._modules = {}
        for path in sorted(folder.rglob("*.py")):
            parts = [self.name, *path.relative_to(folder).with_suffix("").parts]
            package = parts[-1] == "__init__"
            dotted = ".".join(parts[:-1] if package else parts)
            tree = ast.parse(path.read_text(encoding="utf-8"))
            self._modules[dotted] = _read(_Module(ast.get_docstring(tree) or "", package), tree, dotted)

    @property
    def functions(self):
        """A `Function` for each public function and class, by module and place."""
        return tuple(self._functions())

    def _functions(self):
        for dotted, module in self._modules.items():
            if _NOT_TAUGHT.search(dotted):
                continue
            parent = self._modules.get(dotted.rpartition(".")[0])
            behind = mentions(module.docstring) or (mentions(parent.docstring) if parent else ())
            for name, docstring in module.defined.items():
                if not name.startswith("_"):
                    yield Function(dotted, name, mentions(docstring) or behind, behind)

    def find(self, dotted):
        """Where a name is defined: "imgmusic_edu.compose" is "imgmusic_edu.roads.compose".

        Parameters
        ----------
        dotted : str

        Returns
        -------
        str or None
            A module, function, class or constant; what follows it (a method, say) is left off.  None: no such name.
        """
        here, *rest = dotted.split(".")
        for part in rest:
            if here not in self._modules:
                return here  # inside a function, a class or another library: not followed
            found = self._look(here, part)
            if found is None:
                return None
            here = found
        return here

    def _look(self, dotted, name):
        """Where a name of a module is defined, or None."""
        module = self._modules.get(dotted)
        if module is None:
            return None if dotted.split(".")[0] == self.name else f"{dotted}.{name}"
        source, original = module.imported.get(name, (dotted, name))
        if (source, original) != (dotted, name):
            return self._look(source, original) if original else source
        here = f"{dotted}.{name}"
        return here if name in module.defined or name in module.assigned or here in self._modules else None


def _read(module, tree, dotted):
    """Put the names of a module's tree into it."""
    base = dotted.split(".") if module.package else dotted.split(".")[:-1]
    for node in _outside_functions(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            module.defined[node.name] = ast.get_docstring(node) or ""
        elif isinstance(node, ast.Import):
            module.imported |= {(one.asname or one.name.partition(".")[0]): (one.name, "") for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = base[: len(base) - node.level + 1] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            module.imported |= {one.asname or one.name: (source, one.name) for one in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "lazy_loader.attach":
            said = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
            for room, names in said.get("submod_attrs", {}).items():
                module.imported |= {name: (f"{dotted}.{room}", name) for name in names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            module.assigned.add(node.id)
    return module


def _outside_functions(tree) -> Iterator[ast.AST]:
    """All nodes of a tree, those inside of functions, classes and comprehensions left out."""
    inner = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    for child in ast.iter_child_nodes(tree):
        yield child
        if not isinstance(child, inner):
            yield from _outside_functions(child)


def uses(chapter, package):
    """Names of the package in a chapter's code cells.

    Parameters
    ----------
    chapter : chapters.Chapter
    package : Package

    Returns
    -------
    list of Use
        In the order of the cells.  A name that a cell gives to something of its own is no longer the package's.
    """
    found, known = [], {"im": package.name}
    for section in chapter.outline:
        for cell in section.cells:
            if cell.kind != "code":
                continue
            tree = ast.parse(cell.source)
            own = _own_names(tree)
            for name, target in _imports(tree):
                known[name] = target
                own.discard(name)
                if target.split(".")[0] == package.name:
                    found.append(Use(section.title, target, package.find(target)))
            for chain in _chains(tree):
                first, _, rest = chain.partition(".")
                if first not in own and known.get(first, "").split(".")[0] == package.name:
                    dotted = ".".join(filter(None, [known[first], rest]))
                    found.append(Use(section.title, chain, package.find(dotted)))
            for node in _outside_functions(tree):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    known.pop(node.id, None)
    return found


def _imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (((one.asname or one.name.partition(".")[0]), one.name) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((one.asname or one.name, f"{node.module}.{one.name}") for one in node.names)


def _own_names(tree):
    """Names that a cell binds by itself, imports left out: variables, arguments, functions."""
    nodes = list(ast.walk(tree))
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return stored | arguments | {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _chains(tree):
    """The names that a cell reads, each with the attributes asked of it: "im.widgets.Player"."""
    for child in ast.iter_child_nodes(tree):
        parts, node = [], child
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield ".".join([node.id, *reversed(parts)])
        else:
            yield from _chains(child)
