"""Modules of JavaScript in one script, so that a page needs no request for each of them.

The files stay modules: they import by name from files beside them, and export functions, classes
and constants. Each becomes a function that returns its exports; those of a later module are made
when the earlier ones have run, as in a browser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

REGISTRY = "globalThis.pageModules"
"""Where modules that are loaded later find the exports of those in the script."""

_IMPORT = re.compile(r'^import \{([\w, ]+)\} from "\./([\w.]+)";$', re.M)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.M)
_OTHER = re.compile(r"^(?:import\b(?!\()|export\b).*|.*\bimport\.meta\b.*", re.M)
_ENDS = re.compile(r"</script|<!--", re.I)


class Bundle:
    """A module and all that it imports, as the content of one `script` element."""

    def __init__(self, entry: str, sources: Mapping[str, str]) -> None:
        """`sources` are the modules by the names of their files.

        Raises `ValueError` for a module that imports or exports in a form which is not known.
        """
        self._sources = sources
        self._exports: dict[str, list[str]] = {}
        """Names that each module exports, in the order in which the modules run."""
        pieces = self._modules(entry, ())
        registry = ", ".join(f'"{name}": {_variable(name)}' for name in self._exports)
        self.text = "\n".join([*pieces, f"{REGISTRY} = {{{registry}}};", self._body(entry)])
        """The script."""
        if _ENDS.search(self.text):
            raise ValueError("a script would end the element that it is in")

    @property
    def names(self) -> frozenset[str]:
        """Names of the files that the script has, without the entry."""
        return frozenset(self._exports)

    def stand_in(self, name: str) -> str:
        """Return a module with the exports of one in the script, for those loaded later."""
        names = ", ".join(self._exports[name])
        return f'export const {{{names}}} = {REGISTRY}["{name}"];\n'

    def _modules(self, name: str, above: tuple[str, ...]) -> list[str]:
        """Return the functions of all modules that one imports and that have none yet."""
        if name in above:
            raise ValueError(f"modules import each other: {', '.join((*above, name))}")
        pieces = []
        for _, imported in _IMPORT.findall(self._sources[name]):
            if imported in self._exports:
                continue
            pieces += self._modules(imported, (*above, name))
            exported = [found[1] for found in _EXPORT.findall(self._sources[imported])]
            self._exports[imported] = exported
            body = f"{self._body(imported)}return {{{', '.join(exported)}}};"
            pieces.append(f"const {_variable(imported)} = (() => {{\n{body}\n}})();")
        return pieces

    def _body(self, name: str) -> str:
        text = _IMPORT.sub(lambda m: f"const {{{m[1]}}} = {_variable(m[2])};", self._sources[name])
        text = _EXPORT.sub(r"\1 \2", text)
        if other := _OTHER.search(text):
            raise ValueError(f"{name}: not a known form: {other[0]}")
        return text


def _variable(name: str) -> str:
    return f"${name.removesuffix('.js')}"
