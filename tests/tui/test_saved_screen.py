"""The screen as files: private, complete, and inert whatever is on it."""

import re
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest

from console.tui.app import OpsConsole
from console.tui.saved_screen import where
from console.tui.wishes import Wishes
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, Row, metrics_of, snapshot
from tests.tui.plain import UTF8, calm, plain_console
from tests.tui.screen import painted, text_of
from tests.waiting import until

HOSTILE = (
    Row("[red]BTC[/]", 1.1),
    Row("<script>x</script>&\"'", 1.1),
    Row("E\x1b[31mS\x9b2J\x07", 1.2),
    Row("R\u202eLO\u200bZW", 1.2),
)


async def test_what_is_shown_is_written_as_a_picture_and_as_text_for_its_owner_alone(tmp_path: Path) -> None:
    app = plain_console(wishes=Wishes(state=tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        shown = text_of(app)
        await pilot.press("X", "X")
        await pilot.pause()
        assert "written: " in text_of(app).splitlines()[-1]
    files = sorted((tmp_path / "screens").iterdir())
    assert sorted(file.suffix for file in files) == [".svg", ".svg", ".txt", ".txt"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    first = next(file for file in files if file.suffix == ".txt")
    assert first.read_text(encoding="utf-8").splitlines()[:-1] == shown.splitlines()[:-1]


async def test_foreign_text_is_inert_in_both(tmp_path: Path) -> None:
    watched = FakeWatched(snapshot(START, metrics_of(list(HOSTILE))), HandClock(START + 0.5))
    app = OpsConsole(PAPER, lambda: watched, wishes=Wishes(state=tmp_path), environ=UTF8)
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        await pilot.pause()
        await pilot.press("X")
        await pilot.pause()
    picture = next((tmp_path / "screens").glob("*.svg")).read_text(encoding="utf-8")
    text = next((tmp_path / "screens").glob("*.txt")).read_text(encoding="utf-8")
    controls = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b-\u200f]")
    assert not controls.search(text)
    assert not controls.search(picture)
    assert "[red]BTC[/]" in text
    names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(picture).iter()}
    assert "script" not in names
    assert "http" not in picture.replace("http://www.w3.org", "").replace("https://www.textualize.io", "")


@pytest.mark.parametrize("folder", ["state", ".local/state/opsconsole", "a" * 30 + "/" + "b" * 40])
async def test_where_it_was_written_is_read_to_the_end_at_80_columns_and_again_in_the_help(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    app = plain_console(wishes=Wishes(state=tmp_path / folder))
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("X")
        await pilot.pause()
        notice = text_of(app).splitlines()[-1].strip("▌▐ ")
        (picture,) = (tmp_path / folder / "screens").glob("*.svg")
        assert notice.endswith(f"/screens/{picture.stem}.{{svg,txt}}")
        assert notice.startswith("written: …/" if len(folder) > 50 else f"written: ~/{folder}/")
        await pilot.press("question_mark")
        await pilot.pause()
        words = re.sub(r"[▌▐│\s]", "", text_of(app))
        assert f"lastwrittento{picture}" in words


def test_the_path_of_a_picture_outside_the_home_folder_is_whole() -> None:
    assert where(Path("/var/ops/screens/T.svg"), 60, "…") == "/var/ops/screens/T.{svg,txt}"
    assert where(Path("/var/ops/screens/T.svg"), 20, "…") == "…/screens/T.{svg,txt}"


async def test_without_a_folder_it_says_so() -> None:
    app = plain_console(calm())
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("X")
        await pilot.pause()
        assert "no state folder" in text_of(app).splitlines()[-1]


async def test_a_folder_that_can_not_be_written_is_a_notice_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "screens").write_text("in the way", encoding="utf-8")
    app = plain_console(wishes=Wishes(state=tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("X")
        await pilot.pause()
        assert "can't be written" in text_of(app).splitlines()[-1]


async def test_the_chosen_theme_is_worn_again_next_time(tmp_path: Path) -> None:
    for press in (["t"], []):
        app = plain_console(wishes=Wishes(state=tmp_path, theme="dark"))
        async with app.run_test(size=(80, 24)) as pilot:
            await painted(app)
            await pilot.press(*press)
            assert app.theme == "opsconsole-light"


async def test_the_settings_theme_is_worn_where_nothing_was_chosen(tmp_path: Path) -> None:
    app = plain_console(wishes=Wishes(state=tmp_path, theme="blue-yellow"))
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        assert app.theme == "opsconsole-blue-yellow"
        await pilot.press("t")
        assert app.theme == "opsconsole-dark-16"


async def test_choices_that_can_not_be_kept_are_complained_of(tmp_path: Path) -> None:
    (tmp_path / "screen.json").mkdir()
    app = plain_console(wishes=Wishes(state=tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("t")
        assert app.theme == "opsconsole-light"
        await until(lambda: "screen.json" in text_of(app).splitlines()[-1])
