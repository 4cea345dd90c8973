"""Trees of code to record and to go back in, and releases of them."""

import os
from dataclasses import replace
from pathlib import Path

from console.actions.checkpoint import Operator
from console.actions.releases.back import Done, Plan, WaysBack
from console.actions.releases.folder import Kept
from console.actions.releases.recorded import Releases, releases_of
from console.domain.access import Arming, Person, Role, Standing
from console.domain.assessment import Assessment
from console.domain.release_gates import Asked
from console.settings import Settings
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.people import Wall
from tests.unit.domain.worlds import NOW, healthy, judged

COIN = "app/coin.py"
ONE = {"run.py": "one", "services/a.py": "a", "services/b.py": "b", COIN: "coin"}
TWO = {"run.py": "two", "services/a.py": "a", "services/c.py": "c", COIN: "coin 2"}
ASKED = Asked("two is bad", "production prod")
UNTRIED = replace(ASKED, override="nothing else is left")
"""What it takes to put back what was never healthy."""
WHO = Operator(
    Standing(Person(0, "root"), Role.OPERATOR, "named as user root"),
    Arming(NOW - 1, NOW + 600, "go back", 120, NOW),
)


def settings_in(folder: Path, *lines: str) -> Settings:
    """Settings whose code is in `folder/tree`."""
    code = "{tree: tree, files: [run.py, services/*.py], coin_files: [app/coin.py]}"
    (folder / "tree").mkdir(exist_ok=True)
    return settings_with(folder, f"code: {code}", *lines)


def releases_in(folder: Path) -> Releases:
    return replace(releases_of(settings_in(folder), os.environ), clock=Wall(NOW))


def put(releases: Releases, files: dict[str, str]) -> None:
    """Make the tree hold these files and no others, as a deployment would."""
    for name, text in files.items():
        file = releases.code.tree / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for file in [each for each in releases.code.tree.rglob("*") if each.is_file()]:
        if str(file.relative_to(releases.code.tree)) not in files and ".git" not in file.parts:
            file.unlink()


def held(releases: Releases) -> dict[str, str]:
    """Every file below the tree, whatever it is called."""
    files = (each for each in releases.code.tree.rglob("*") if each.is_file() and ".git" not in each.parts)
    return {str(each.relative_to(releases.code.tree)): each.read_text() for each in files}


def deploy(releases: Releases, files: dict[str, str], *, good: bool = True) -> Kept:
    """Put files there, record and deploy them."""
    put(releases, files)
    kept = releases.record()
    releases.deployed(kept)
    if good:
        releases.healthy()
    return kept


def ways(folder: Path, releases: Releases, ended: bool | None = True) -> WaysBack:
    return WaysBack(settings_in(folder), releases, ("database", "flags"), lambda: (ended, "none runs"))


def go(way: WaysBack, plan: Plan, asked: Asked = ASKED) -> Done:
    return way.go(plan, asked, WHO, live(), approved=None)


def live() -> Assessment:
    return judged(healthy())
