"""Which theme the screen wears: the operator's choice, kept, or a plain one while the line is slow."""

from collections.abc import Mapping

from textual.app import App
from textual.theme import Theme

from console.tui.preferences import Preferences
from console.tui.theme import DARK_16, LIGHT_16, MEANINGS, name_of, themes_for

_KEPT_AS = "theme"


class Appearance:
    """The themes that the terminal can show, one of which `app` wears."""

    def __init__(
        self, app: App[int], environ: Mapping[str, str], preferences: Preferences, settled: str | None
    ) -> None:
        """`settled` is the settings' theme; the operator's last choice comes before it.

        This reads the preferences' file.
        """
        self._app = app
        self._preferences = preferences
        self._themes = themes_for(environ)
        for theme in self._themes:
            app.register_theme(theme)
        wanted = (self._named(name) for name in (preferences.get(_KEPT_AS), settled) if name)
        self._chosen = next((theme for theme in wanted if theme is not None), self._themes[0])
        app.theme = self._chosen.name

    @property
    def names(self) -> Mapping[str, str]:
        """The themes' names and what each is for."""
        return {name_of(theme): MEANINGS[name_of(theme)] for theme in self._themes}

    def wear(self, name: str) -> None:
        """Change to the theme of this name, and keep the choice."""
        theme = self._named(name)
        if theme is not None:
            self._preferences.keep(_KEPT_AS, name)
            self._chosen = theme
            self._app.theme = theme.name

    def next(self) -> None:
        """Change to the theme after this one."""
        now = next(theme for theme in self._themes if theme.name == self._app.theme)
        self.wear(name_of(self._themes[(self._themes.index(now) + 1) % len(self._themes)]))

    def plain(self, wanted: bool) -> None:
        """Change to few colours, of which a terminal is told in few bytes, or back to what was chosen."""
        few = DARK_16 if self._chosen.dark else LIGHT_16
        self._app.theme = few.name if wanted else self._chosen.name

    def _named(self, name: str) -> Theme | None:
        return next((theme for theme in self._themes if name_of(theme) == name), None)
