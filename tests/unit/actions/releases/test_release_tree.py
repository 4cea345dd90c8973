"""Which files of a tree are those of a release, and what none may lead out of."""

import os
from pathlib import Path

import pytest

from console.actions.releases.errors import ReleaseError
from console.actions.releases.tree import is_named, names_in, place_of, sum_of
from console.settings_rollback import Code


def make(tree: Path, *names: str) -> None:
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name)


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("run.py", {"run.py"}),
        ("services/*.py", {"services/a.py", "services/b.py"}),
        ("services/**/*.py", {"services/a.py", "services/b.py", "services/deep/er/d.py"}),
        ("services/**", {"services/a.py", "services/b.py", "services/deep/er/d.py", "services/notes"}),
        ("**/a.py", {"services/a.py"}),
        ("services/?.py", {"services/a.py", "services/b.py"}),
        ("services/.*", {"services/.hidden.py"}),
        ("nowhere/*.py", set()),
    ],
)
def test_patterns_name_files_as_a_shell_would_and_by_name_alone_the_same(
    tmp_path: Path, pattern: str, named: set[str]
) -> None:
    every = ("run.py", "services/a.py", "services/b.py", "services/notes", "services/deep/er/d.py")
    make(tmp_path, *every, "services/.hidden.py", "services/.git/x.py")
    assert set(names_in(tmp_path, [pattern])) == named
    assert {
        name for name in (*every, "services/.hidden.py", "services/.git/x.py") if is_named(name, [pattern])
    } == (named)


def test_no_symlink_is_followed_or_kept(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    make(tree, "app/a.py")
    make(outside, "b.py")
    (tree / "services").symlink_to(outside)
    with pytest.raises(ReleaseError, match=r"services: is a symlink"):
        names_in(tree, ["services/*.py"])
    with pytest.raises(ReleaseError, match=r"services: is a symlink"):
        place_of(tree, "services/b.py")
    (tree / "app" / "link.py").symlink_to(outside / "b.py")
    with pytest.raises(ReleaseError, match=r"link\.py: is a symlink"):
        names_in(tree, ["app/*.py"])
    with pytest.raises(ReleaseError, match=r"link\.py: is a symlink"):
        place_of(tree, "app/link.py")


def test_a_symlink_that_leads_round_to_itself_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(ReleaseError, match=r"^\S+/round: too many levels of symbolic links$"):
        names_in(tmp_path, ["*/*.py"])


@pytest.mark.parametrize("name", ["../x.py", "/etc/passwd", "a/../../x", ".", "", "a//b", "a/./b", "a\nb"])
def test_no_name_leads_out_of_the_tree(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReleaseError, match="isn't a file of the tree"):
        place_of(tmp_path, name)


def test_what_is_no_file_or_cannot_be_read_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(ReleaseError, match="is no regular file"):
        names_in(tmp_path, ["*.py"])
    with pytest.raises(ReleaseError, match=r"gone\.py: no such file"):
        sum_of(tmp_path, "gone.py")
    with pytest.raises(ReleaseError, match="there is no such folder"):
        names_in(tmp_path / "gone", ["*.py"])


def test_settings_take_no_pattern_that_leads_out() -> None:
    for pattern in ("../x.py", "/etc/passwd", "a/../../b", ""):
        with pytest.raises(ValueError, match="seen from the tree"):
            Code(tree=Path("/srv"), files=[pattern])
