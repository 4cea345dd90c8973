"""Styles that are worked out once: textual parses all style sheets whenever something might have changed."""

from textual.css.stylesheet import Stylesheet


class SteadyStylesheet(Stylesheet):
    """A style sheet that is parsed again only where a variable, which is a theme's colour, has changed."""

    _is_old = False

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._variables:
            super().set_variables(variables)
            self._is_old = True

    def reparse(self) -> None:
        if self._is_old:
            super().reparse()
            self._is_old = False
