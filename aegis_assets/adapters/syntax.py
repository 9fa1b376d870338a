"""What code means, as a hash: of its syntax, not of its words."""

import ast
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

_ROOT = "aegis_assets.core"


@lru_cache(maxsize=64)
def syntax_version(*names: str) -> str:
    """sha256 of modules or packages of the core, comments, docstrings and layout left out.

    The same names give the same hash until what the code does may have changed.
    """
    digest = sha256()
    for name in names:
        for module in _modules(name):
            digest.update(_syntax(module.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()[:12]


def _modules(name: str) -> list[Traversable]:
    place = files(_ROOT).joinpath(name)
    if not place.is_dir():
        return [files(_ROOT).joinpath(f"{name}.py")]
    return [
        module
        for each in sorted(place.iterdir(), key=lambda each: each.name)
        for module in ([each] if each.name.endswith(".py") else _inside(name, each))
    ]


def _inside(name: str, folder: Traversable) -> list[Traversable]:
    if not folder.is_dir() or folder.name == "__pycache__":
        return []
    return _modules(f"{name}/{folder.name}")


@lru_cache(maxsize=1024)  # a module counts in several versions, and is parsed once
def _syntax(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:]
    return ast.dump(tree)
