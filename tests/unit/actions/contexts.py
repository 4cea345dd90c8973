"""Settings of one context, for what acts on it."""

from pathlib import Path

from console.settings import Settings
from console.settings_file import load_settings

HEAD = "contexts:\n  prod:\n    environment: production\n    colour: red\n"


def settings_with(folder: Path, *lines: str) -> Settings:
    """The settings of a context `prod` with `lines`: its files are in `folder`, ours in `folder/state`."""
    file = folder / "console.yaml"
    file.write_text(HEAD + "".join(f"    {line}\n" for line in lines))
    return load_settings(config=file, state=folder / "state", environ={"HOME": str(folder)})
