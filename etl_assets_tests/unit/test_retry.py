"""When a batch is tried again, and when it is given up."""

from __future__ import annotations

import pytest

from etl_assets.engine.errors import AccessError, DataError, EtlError, TransientError
from etl_assets.engine.retry import ATTEMPTS_WITHOUT_PROGRESS, attempts


class Work:
    """Fails as told, one entry per try: an exception is raised, a number is progress made before a transient error."""

    def __init__(self, *script: Exception | int) -> None:
        self.script = list(script)
        self.tries = 0
        self.done = 0
        self.first_wait = 0.0

    def run(self) -> None:
        for attempt in attempts(lambda: self.done, first_wait=self.first_wait):
            with attempt:
                self.tries += 1
                if not self.script:
                    return
                step = self.script.pop(0)
                if isinstance(step, Exception):
                    raise step
                self.done += step
                raise TransientError(f"after {self.done}")


def test_success_is_not_repeated() -> None:
    work = Work()
    work.run()
    assert work.tries == 1


def test_a_transient_error_is_tried_again() -> None:
    work = Work(TransientError("once"))
    work.run()
    assert work.tries == 2


def test_without_progress_it_gives_up_with_the_last_error() -> None:
    work = Work(*(TransientError(str(i)) for i in range(99)))
    with pytest.raises(TransientError) as caught:
        work.run()
    assert work.tries == ATTEMPTS_WITHOUT_PROGRESS
    assert str(caught.value) == str(ATTEMPTS_WITHOUT_PROGRESS - 1)


def test_with_progress_it_goes_on() -> None:
    work = Work(*[1] * 25)
    work.run()
    assert (work.tries, work.done) == (26, 25)


def test_progress_starts_the_count_anew() -> None:
    often = ATTEMPTS_WITHOUT_PROGRESS - 1
    work = Work(*[0] * often, 1, *[0] * 99)
    with pytest.raises(TransientError):
        work.run()
    assert work.tries == often + ATTEMPTS_WITHOUT_PROGRESS


@pytest.mark.parametrize("error", [DataError("x"), AccessError("x"), EtlError("x"), ValueError("x"), KeyError("x")])
def test_permanent_errors_are_never_tried_again(error: Exception) -> None:
    work = Work(error)
    with pytest.raises(type(error)):
        work.run()
    assert work.tries == 1


def test_a_permanent_error_ends_it_even_after_progress() -> None:
    work = Work(1, 1, DataError("x"))
    with pytest.raises(DataError):
        work.run()
    assert work.tries == 3


def test_the_waits_grow_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    work = Work(*[1] * 12)
    work.first_wait = 0.5
    work.run()
    assert waits[0] >= 0.5
    assert waits[3] > waits[0]
    assert max(waits) <= 20


def test_the_limit_is_the_callers() -> None:
    seen: list[int] = []

    def fail() -> None:
        for attempt in attempts(lambda: 0, first_wait=0, limit=2):
            with attempt:
                seen.append(attempt.retry_state.attempt_number)
                raise TransientError("again")

    with pytest.raises(TransientError):
        fail()
    assert seen == [1, 2]
