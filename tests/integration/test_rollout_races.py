"""Two consoles, a hand editor and an engine on one flags file, each a process of its own."""

import hashlib
import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from queue import Queue
from random import Random

import pytest

from console.actions.flags_file import Conflict, Draft, FlagsFile, Written
from console.actions.rollout.difference import Side, three_way
from console.actions.rollout.draft import drafted
from console.actions.swap import exchange
from console.domain.clock import SystemClock
from console.domain.rollout.operations import Operation, SetStage
from console.domain.rollout.plan import Plan
from console.domain.rollout.planning import planned
from console.domain.rollout.stages import PAPER, Stage
from console.sources.flags import parse_flags
from tests.unit.actions.rollout.flags_text import SYMBOLS, flags_lines

PROCESSES = multiprocessing.get_context("spawn")
PATIENCE = 60.0
"""Seconds that the others may take in one round."""
OTHERS = 3
"""Two consoles and a hand editor."""


@dataclass
class Diary:
    """What one of them did: which version it replaced by which, and what it was told when it lost."""

    versions: list[tuple[str, str]] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)
    """Versions that it replaced by one which was itself replaced before it could be read back."""
    losses: list[bool] = field(default_factory=list)
    """Of every loss, whether the difference showed what the others did."""


def file_in(folder: Path) -> FlagsFile:
    return FlagsFile(folder / "flags.yaml", folder / "lock", SystemClock(), lock_deadline=PATIENCE)


def content_of(features: int) -> bytes:
    return "".join(f"{line}\r\n" for line in flags_lines(Random(3), features)).encode()


@pytest.mark.parametrize("writes", [200, pytest.param(100_000, marks=pytest.mark.campaign)])
def test_a_reader_never_sees_a_torn_file(tmp_path: Path, writes: int) -> None:
    file, content = file_in(tmp_path), content_of(60)
    file.path.write_bytes(content)
    stages = [Stage.SHADOW, Stage.PRODUCTION]
    versions = [_draft(content, SetStage("feature_1", stage)).mine for stage in stages]
    file.path.write_bytes(versions[0])
    reading, stop, told = PROCESSES.Event(), PROCESSES.Event(), PROCESSES.Queue()
    reader = PROCESSES.Process(target=_read_on, args=(file.path, versions, reading, stop, told))
    with _running(reader):
        assert reading.wait(PATIENCE)
        for number in range(writes):
            draft = Draft(versions[number % 2], versions[1 - number % 2])
            assert file.write(draft, urgent=False) == Written(draft.seen, draft.mine)
        stop.set()
        reads, strange = told.get(timeout=PATIENCE)
        reader.join(PATIENCE)
    assert reads > writes / 10
    assert strange == 0


@pytest.mark.parametrize("rounds", [30, pytest.param(1000, marks=pytest.mark.campaign)])
def test_of_two_consoles_and_a_hand_editor_nobody_loses_an_update_unseen(tmp_path: Path, rounds: int) -> None:
    file, content = file_in(tmp_path), content_of(3)
    file.path.write_bytes(content)
    diaries = _race(tmp_path, rounds, [_first_console, _second_console, _hand_editor])
    first, second, _ = diaries
    stood, replaced = Counter([_hash(content)]), Counter[str]()
    for diary in diaries:
        stood.update(after for _, after in diary.versions)
        replaced.update(before for before, _ in diary.versions)
        replaced.update(diary.overtaken)
    assert stood - replaced == Counter([_hash(file.read())])
    assert [len(diary.versions) for diary in diaries] == [rounds] * OTHERS
    assert all(first.losses)
    assert all(second.losses)
    assert len(first.losses) + len(second.losses) > rounds / 10
    lines = file.read().decode().split("\r\n")
    assert [line for line in lines if line.startswith("# hand ")] == [f"# hand {n}" for n in range(rounds)]


def _race(folder: Path, rounds: int, those: list[Callable[[FlagsFile, int, Diary], None]]) -> list[Diary]:
    start, told = PROCESSES.Barrier(len(those)), PROCESSES.Queue()
    racers = [PROCESSES.Process(target=_take_part, args=(folder, rounds, act, start, told)) for act in those]
    with _running(*racers):
        diaries = dict(told.get(timeout=PATIENCE + rounds) for _ in racers)
        for racer in racers:
            racer.join(PATIENCE)
    return [diaries[act.__name__] for act in those]


@contextmanager
def _running(*processes: SpawnProcess) -> Iterator[None]:
    """Started, and gone at the end, whichever it is."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        for process in processes:
            if process.is_alive():
                process.kill()
                process.join(PATIENCE)


def _end_with_the_test() -> None:
    """See to it that this process isn't left behind, whatever it does or waits for."""
    test = multiprocessing.parent_process()
    assert test is not None

    def follow() -> None:
        test.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _take_part(
    folder: Path,
    rounds: int,
    act: Callable[[FlagsFile, int, Diary], None],
    start: Barrier,
    told: "Queue[tuple[str, Diary]]",
) -> None:
    _end_with_the_test()
    diary = Diary()
    try:
        for number in range(rounds):
            start.wait(PATIENCE)
            act(file_in(folder), number, diary)
    except BaseException:
        start.abort()  # the others needn't wait
        raise
    finally:
        told.put((act.__name__, diary))


def _first_console(file: FlagsFile, number: int, diary: Diary) -> None:
    """Changes a stage; decides anew whenever it is shown that somebody else changed the file."""
    while not _noted(file.write(_other_stage(file.read(), "feature_1"), urgent=False), diary):
        pass


def _second_console(file: FlagsFile, number: int, diary: Diary) -> None:
    """The same with another feature, on a line that is near, and sometimes in a hurry."""
    while not _noted(file.write(_other_stage(file.read(), "feature_2"), urgent=number % 3 == 0), diary):
        pass


def _hand_editor(file: FlagsFile, number: int, diary: Diary) -> None:
    """Adds a line without any lock, and finds out what it has overwritten: what it saw, or newer."""
    fresh = file.path.with_name("by-hand")
    mine = file.read() + f"# hand {number}\r\n".encode()
    fresh.write_bytes(mine)
    assert exchange(fresh, file.path)
    diary.versions.append((_hash(fresh.read_bytes()), _hash(mine)))


def _noted(told: object, diary: Diary) -> bool:
    """Whether it was written; a loser has to be shown what others did."""
    if isinstance(told, Conflict):
        lines = three_way(told.draft.seen, told.draft.mine, told.theirs)
        diary.losses.append(any(line.side is not Side.MINE and line.sign != " " for line in lines))
        if told.why.endswith("right after it was written"):
            diary.overtaken.append(_hash(told.draft.seen))
        return False
    assert isinstance(told, Written)
    diary.versions.append((_hash(told.before), _hash(told.after)))
    return True


def _other_stage(content: bytes, feature: str) -> Draft:
    """The file with the feature in production where it was in shadow, and in shadow elsewhere."""
    (now,) = (each.stage for each in parse_flags(content, "flags.yaml").features if each.name == feature)
    return _draft(content, SetStage(feature, Stage.PRODUCTION if now == "shadow" else Stage.SHADOW))


def _draft(content: bytes, operation: Operation) -> Draft:
    plan = planned(parse_flags(content, "flags.yaml"), operation, dict.fromkeys(SYMBOLS, "2"), PAPER)
    assert isinstance(plan, Plan), plan
    return drafted(content, plan.edits, plan.after, "flags.yaml")


def _read_on(
    file: Path, versions: list[bytes], reading: Event, stop: Event, told: "Queue[tuple[int, int]]"
) -> None:
    _end_with_the_test()
    reads = strange = 0
    while not stop.is_set():
        strange += file.read_bytes() not in versions
        reads += 1
        reading.set()
    told.put((reads, strange))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
