"""opsconsole: a terminal console for people who operate live futures engines."""

__version__ = "0.1.0"
