"""What others ask of the desk is done once, in its own thread, or not at all."""

import threading

import pytest
from sqlalchemy.exc import OperationalError

from console.paper.errands import ErrandError, Errands
from tests.waiting import eventually


def asked(errands: Errands, answers: list[object]) -> threading.Thread:
    def ask() -> None:
        answers.append(errands.ask(threading.get_ident, 5.0))

    thread = threading.Thread(target=ask)
    thread.start()
    eventually(lambda: errands.waiting)
    return thread


def test_it_is_done_in_the_thread_that_carries_it_out() -> None:
    errands, answers = Errands(), list[object]()
    thread = asked(errands, answers)
    errands.carry_out()
    thread.join()
    assert answers == [threading.get_ident()]


def test_what_is_not_begun_in_time_is_never_done() -> None:
    errands, done = Errands(), list[int]()
    with pytest.raises(ErrandError, match=r"the desk is busy: not done within 0\.01 s"):
        errands.ask(lambda: done.append(1), 0.01)
    errands.carry_out()
    assert done == []


def test_a_database_that_fails_is_told_to_both() -> None:
    errands, told = Errands(), list[str]()
    failure = OperationalError("SELECT 1", None, Exception("gone"))

    def fail() -> None:
        raise failure

    def ask() -> None:
        try:
            errands.ask(fail, 5.0)
        except OperationalError as error:
            told.append(str(error.orig))

    thread = threading.Thread(target=ask)
    thread.start()
    eventually(lambda: errands.waiting)
    with pytest.raises(OperationalError):
        errands.carry_out()
    thread.join()
    assert told == ["gone"]
