"""Styles that are worked out once: textual does it anew whenever something might have changed."""

from weakref import WeakKeyDictionary

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

_Place = tuple[tuple[object, ...], ...]
"""What selectors can tell of a node and of those above it."""


class SteadyStylesheet(Stylesheet):
    """A style sheet that is parsed again only where a variable, which is a theme's colour, has changed.

    The parts of a widget that have styles of their own (its component classes) are styled again only where
    something that a selector can tell of it has changed. Textual makes new nodes for them whenever a screen
    is shown: thousands in a minute, in circles, which stay until the garbage collector looks at what is old.
    """

    _is_old = False
    _rules_used: list[RuleSet] | None = None

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._styled: WeakKeyDictionary[DOMNode, _Place] = WeakKeyDictionary()

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._variables:
            super().set_variables(variables)
            self._is_old = True

    def reparse(self) -> None:
        if self._is_old:
            super().reparse()
            self._is_old = False

    def _process_component_classes(self, node: DOMNode) -> None:
        if not node._get_component_classes():
            return
        if self._rules_used is not self.rules:
            self._styled.clear()
            self._rules_used = self.rules
        place = _place(node)
        if self._styled.get(node) != place:
            super()._process_component_classes(node)
            self._styled[node] = place


def _place(node: DOMNode) -> _Place:
    return tuple((one._css_type_name, one.id, one.classes, one.pseudo_classes) for one in node.css_path_nodes)
