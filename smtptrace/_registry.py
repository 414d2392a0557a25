"""A folder in which every module without a leading underscore is one named entry."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast


class Registry(Mapping[str, ModuleType]):
    """The entries of a plug-in package by name; each is imported when it is first asked for.

    Args:
        package: dotted name of the plug-in package, such as `smtptrace.auth`.
        suffix: what module names may end with and entry names do not.
    """

    def __init__(self, package: str, suffix: str = "") -> None:
        self._package = package
        self._suffix = suffix
        self._modules: dict[str, str] = {}
        self._names: tuple[str, ...] | None = None

    def names(self) -> tuple[str, ...]:
        """The names of all entries in alphabetical order; imports none of them."""
        if self._names is None:
            path = importlib.import_module(self._package).__path__
            found = (module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))
            self._modules = {name.removesuffix(self._suffix): f"{self._package}.{name}" for name in found}
            self._names = tuple(sorted(self._modules))
        return self._names

    def summary(self, name: str) -> str:
        """The first line of an entry's docstring, read from its source without importing it."""
        import ast

        return (ast.get_docstring(self._tree(name)) or "").partition("\n")[0]

    def constant(self, name: str, constant: str) -> object:
        """The value of a literal that an entry assigns at its top level, read without importing it; None if absent."""
        import ast

        for statement in self._tree(name).body:
            if isinstance(statement, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == constant for target in statement.targets
            ):
                value: object = ast.literal_eval(statement.value)
                return value
        return None

    def _tree(self, name: str) -> ast.Module:
        import ast

        spec = importlib.util.find_spec(self._modules[name]) if name in self.names() else None
        if spec is None or spec.origin is None:
            raise KeyError(name)
        get_source = getattr(spec.loader, "get_source", None)  # pytest's loader of plug-ins has none
        source: str = get_source(spec.name) if get_source else Path(spec.origin).read_text("utf-8")
        return ast.parse(source)

    def __getitem__(self, name: str) -> ModuleType:
        if name not in self.names():
            raise KeyError(name)
        return importlib.import_module(self._modules[name])

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())
