"""Measurements in turn, by a clock that the test turns."""

from collections.abc import Callable

import numpy as np
import pytest

from lesion.deploy.timing import LEAST, MOST, interleaved, quartiles


class Machine:
    """A clock, and calls that take a known time on it; from some time on everything takes `slow` times as long."""

    def __init__(self, slow_from: float = np.inf, slow: float = 10.0) -> None:
        self.now, self.slow_from, self.slow = 0.0, slow_from, slow
        self.done: list[str] = []

    def clock(self) -> float:
        return self.now

    def call(self, name: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            self.now += seconds * (self.slow if self.now > self.slow_from else 1)
            self.done.append(name)

        return run


def test_each_call_is_measured_once_a_round_in_changing_order() -> None:
    machine = Machine()
    calls = {name: machine.call(name, 1.0) for name in "abcd"}
    found = interleaved(calls, repeats=8, warmup=0, clock=machine.clock)
    rounds = np.array(machine.done[len(calls) :]).reshape(8, 4)
    assert (np.sort(rounds, axis=1) == list("abcd")).all()
    assert len({tuple(row) for row in rounds}) > 1
    assert all((seconds == 1.0).all() and len(seconds) == 8 for seconds in found.values())


def test_the_warm_up_does_not_count() -> None:
    machine = Machine()
    interleaved({"a": machine.call("a", 1.0)}, repeats=3, warmup=5, clock=machine.clock)
    assert len(machine.done) == 5 + 1 + 3


@pytest.mark.parametrize("seconds", [LEAST / 100, LEAST / 1e6])
def test_short_calls_are_repeated_within_a_measurement(seconds: float) -> None:
    machine = Machine()
    found = interleaved({"a": machine.call("a", seconds)}, repeats=3, warmup=0, clock=machine.clock)
    np.testing.assert_allclose(found["a"], seconds, rtol=1e-6)
    assert len(machine.done) - 1 == pytest.approx(3 * min(MOST, LEAST / seconds), rel=0.05)


def test_a_slow_time_hits_all_calls_alike() -> None:
    """Half of the rounds are ten times slower; the ratio of two calls in a round is what it was."""
    machine = Machine(slow_from=30.0)
    calls = {"dense": machine.call("dense", 2.0), "half": machine.call("half", 1.0)}
    found = interleaved(calls, repeats=20, warmup=0, clock=machine.clock)
    ratio = found["dense"] / found["half"]
    assert found["dense"].max() > 5 * found["dense"].min()
    assert np.median(ratio) == pytest.approx(2.0)


def test_quartiles_are_in_order() -> None:
    values = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    assert quartiles(values) == (3.0, 2.0, 4.0)
