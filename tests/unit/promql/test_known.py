"""What the parser has said is asked once: the next start with the same expressions does without it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.promql.known import Known
from console.promql.query import parse_query
from console.promql.reading import read
from console.promql.tree import node_of, plain
from console.settings_file import shipped_configs

EVERY_KIND = (
    'sum by (a, b) (rate(x{a="b", c=~"d|e", f!="g"}[5m] offset 1m)) / on (a) group_left (c) -y > bool 0',
    'topk(3, {__name__=~"x.*"} @ 17) unless ignoring (a) max_over_time(x[1h:5m] @ end())',
    'absent(x{a="b"}) or label_replace(x, "to", "$1", "from", "(.*)") and vector(Inf)',
    "quantile without (a) (0.9, x) != 1.5e-7 or vector(time() % NaN) ^ -0",
)
START = f"""
import os, sys
from pathlib import Path
from console.promql.known import KNOWN
KNOWN.recall(os.environ)
from console.promql.rule_file import Intervals, load_rules
from console.promql.ruler import Ruler
from console.promql.samples import SampleStore
file = load_rules(Path({str(shipped_configs() / "alert_rules.yaml")!r}))
for standing in Ruler([file], SampleStore(), Intervals(1, 15)).standings():
    print(standing)
KNOWN.keep()
print("promql_parser" in sys.modules, file=sys.stderr)
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def not_asked() -> str:
    raise AssertionError("the parser was asked again")


def kept(env: dict[str, str], question: str, answer: object) -> Path:
    known = Known()
    known.recall(env)
    known.answer(question, "x", lambda: answer)
    known.keep()
    (file,) = Path(env["HOME"]).rglob("expressions")
    return file


def asked_next(env: dict[str, str], question: str, answer: str = "asked") -> object:
    known = Known()
    known.recall(env)
    return known.answer(question, "x", lambda: answer)


def test_a_start_with_the_same_rules_knows_them_without_the_parser(env: dict[str, str]) -> None:
    whole = {**os.environ, **env, "XDG_CACHE_HOME": ""}
    command = [sys.executable, "-c", START]
    first, second = (
        subprocess.run(command, env=whole, capture_output=True, text=True, check=True) for _ in range(2)
    )
    assert second.stdout == first.stdout != ""
    assert (first.stderr, second.stderr) == ("True\n", "False\n")


@pytest.mark.parametrize("text", EVERY_KIND)
def test_a_query_is_kept_as_it_was_read(text: str) -> None:
    root = read(text)
    again = node_of(json.loads(json.dumps(plain(root))))
    assert repr(again) == repr(root)
    assert repr(parse_query(text).root) == repr(root)


def test_an_answer_is_kept_for_its_question(env: dict[str, str]) -> None:
    kept(env, "metrics", ["x"])
    assert Known().answer("metrics", "x", lambda: "asked") == "asked"
    assert asked_next(env, "metrics") == ["x"]
    assert asked_next(env, "tree") == "asked"


def test_answers_to_others_are_kept_beside_new_ones(env: dict[str, str]) -> None:
    kept(env, "metrics", ["x"])
    kept(env, "tree", "known")
    assert (asked_next(env, "metrics"), asked_next(env, "tree")) == (["x"], "known")


@pytest.mark.parametrize("at", [0, 40, -1])
def test_what_is_damaged_is_asked_again(env: dict[str, str], at: int) -> None:
    file = kept(env, "metrics", ["x"])
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    assert asked_next(env, "metrics") == "asked"


def test_other_code_asks_again(env: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept(env, "metrics", ["x"])
    monkeypatch.setattr("console.promql.known.__file__", str(tmp_path / "known.py"))
    assert asked_next(env, "metrics") == "asked"


def test_what_cannot_be_read_is_not_kept(env: dict[str, str]) -> None:
    known = Known()
    known.recall(env)
    with pytest.raises(AssertionError):
        known.answer("tree", "x", not_asked)
    known.keep()
    assert not list(Path(env["HOME"]).rglob("expressions"))


def test_nothing_is_held_once_it_is_kept(env: dict[str, str]) -> None:
    kept(env, "metrics", ["x"])
    known = Known()
    known.recall(env)
    known.keep()
    assert known.answer("metrics", "x", lambda: "asked") == "asked"


def test_a_disk_that_hangs_is_not_waited_for(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.promql.known._PATIENCE", 0.01)
    file = Path(env["HOME"]) / ".cache" / "opsconsole" / "expressions"
    file.parent.mkdir(parents=True)
    os.mkfifo(file)
    try:
        assert asked_next(env, "metrics") == "asked"
    finally:
        file.write_bytes(b"")  # whoever reads it comes to an end


@pytest.mark.parametrize("env", [{}, {"XDG_CACHE_HOME": "/dev/null"}])
def test_without_a_place_to_keep_it_the_parser_is_asked(env: dict[str, str]) -> None:
    known = Known()
    known.recall(env)
    assert known.answer("metrics", "x", lambda: "asked") == "asked"
    known.keep()
