"""Styles that are worked out once: textual does it anew whenever something might have changed."""

from weakref import WeakKeyDictionary

from textual.css.model import RuleSet
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

_Place = tuple[tuple[object, ...], ...]
"""What selectors can tell of a node and of those above it."""


class SteadyStylesheet(Stylesheet):
    """A style sheet that is parsed again only where a variable, which is a theme's colour, has changed.

    The parts of a widget that have styles of their own (its component classes) are styled again only where
    something that a selector can tell of it has changed. Textual makes new nodes for them whenever a screen
    is shown: thousands in a minute, in circles, which stay until the garbage collector looks at what is old.
    Most parts, the tones, are the same wherever they are: what the rules say of them is looked up once.
    """

    _is_old = False
    _rules_used: list[RuleSet] | None = None

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._styled: WeakKeyDictionary[DOMNode, _Place] = WeakKeyDictionary()
        self._anywhere: dict[str, RulesMap | None] = {}

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._variables:
            super().set_variables(variables)
            self._is_old = True

    def reparse(self) -> None:
        if self._is_old:
            super().reparse()
            self._is_old = False

    def _process_component_classes(self, node: DOMNode) -> None:
        parts = node._get_component_classes()
        if not parts:
            return
        if self._rules_used is not self.rules:
            self._styled.clear()
            self._anywhere.clear()
            self._rules_used = self.rules
        place, before = _place(node), self._styled.get(node)
        if before == place:
            return
        self._styled[node] = place
        changed = [name for name in sorted(parts) if self._restyle(node, name, is_new=before is None)]
        if changed:
            node.refresh()

    def _restyle(self, node: DOMNode, name: str, *, is_new: bool) -> bool:
        """Style a part of `node`, which `is_new` or in another place; returns whether it looks different."""
        if not is_new and self._anywhere.get(name) is not None:
            return False
        part = DOMNode(classes=name)
        part._attach(node)
        if name not in self._anywhere:
            self._anywhere[name] = self._rules_anywhere(part)
        rules = self._anywhere[name]
        if rules is None:
            self.apply(part)
        else:
            part.styles.base.merge_rules(rules)
        old, node._component_styles[name] = node._component_styles.get(name), part.styles
        return old != part.styles

    def _rules_anywhere(self, part: DOMNode) -> RulesMap | None:
        """What the rules say of `part` wherever it is; None where a selector asks what it is part of."""
        names = self.rules_map.keys() & part._selector_names
        rules = {rule for name in names for rule in self.rules_map[name]}
        selectors = (way.selectors for rule in rules for way in rule.selector_set)
        if any(len(way) > 1 and way[-1].check(part) for way in selectors):
            return None
        self.apply(part)
        return part.styles.base.get_rules()


def _place(node: DOMNode) -> _Place:
    return tuple((one._css_type_name, one.id, one.classes, one.pseudo_classes) for one in node.css_path_nodes)
