"""A folder in which every module without a leading underscore is one named entry."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType


class Registry(Mapping[str, ModuleType]):
    """The entries of a plug-in package by name; each is imported when it is first asked for.

    Args:
        package: dotted name of the plug-in package, such as `smtptrace.auth`.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._names: tuple[str, ...] | None = None

    def names(self) -> tuple[str, ...]:
        """The names of all entries in alphabetical order; imports none of them."""
        if self._names is None:
            path = importlib.import_module(self._package).__path__
            found = (module.name for module in pkgutil.iter_modules(path))
            self._names = tuple(sorted(name for name in found if not name.startswith("_")))
        return self._names

    def summary(self, name: str) -> str:
        """The first line of an entry's docstring, read from its source without importing it."""
        spec = importlib.util.find_spec(f"{self._package}.{name}")
        source = getattr(spec.loader, "get_source", lambda _: None)(spec.name) if spec else None
        if source is None:
            raise KeyError(name)
        return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]

    def __getitem__(self, name: str) -> ModuleType:
        if name not in self.names():
            raise KeyError(name)
        return importlib.import_module(f"{self._package}.{name}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())
