import pytest

from lesion.audit.gate.contract import Status, status_of
from lesion.views.page.verdicts import answer, decided
from tests.views.page.pages import verdict


@pytest.mark.parametrize(
    ("judged", "said"),
    [
        ({"a": "passed"}, "a is within the budget."),
        ({"a": "failed"}, "a is not within the budget."),
        ({"a": "inconclusive"}, "These examples cannot tell whether a is within the budget."),
        ({"a": "passed", "b": "failed"}, "a is within the budget; b is not."),
        ({"a": "failed", "b": "failed", "c": "failed"}, "a, b and c are not within the budget."),
        (
            {"a": "inconclusive", "b": "passed", "c": "passed"},
            "b and c are within the budget; these examples cannot tell whether a is.",
        ),
        (
            {"a": "inconclusive", "b": "inconclusive"},
            "These examples cannot tell whether a and b are within the budget.",
        ),
        ({"a": "failed", "b": "inconclusive"}, "a is not within the budget; these examples cannot tell whether b is."),
        (
            {"a" * 40: "passed", "b" * 40: "failed", "c": "failed"},
            "1 of 3 candidates is within the budget; 2 of 3 candidates are not.",
        ),
    ],
)
def test_the_answer_names_who_is_within_the_budget(judged: dict[str, Status], said: str) -> None:
    assert answer([verdict(name, status) for name, status in judged.items()]) == said


def test_limits_that_decide_are_told_first_and_none_is_left_out() -> None:
    statuses: tuple[Status, ...] = ("passed", "inconclusive", "failed", "passed", "inconclusive", "failed")
    judged = verdict("a", *statuses)
    shown = decided(judged)
    assert shown.status == status_of(statuses) == "failed"
    assert [one.status for one in shown.deciding] == ["failed", "failed", "inconclusive", "inconclusive"]
    assert sorted(map(id, [*shown.deciding, *shown.passed])) == sorted(map(id, judged.judged))
    assert shown.said.startswith("Of 6 limits of the budget 2 passed, 2 failed, and 2 cannot be decided.")
    assert "at most 5\N{NO-BREAK SPACE}%" in shown.said
