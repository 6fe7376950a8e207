import pytest

from lesion.audit.wording import number, p_value, percent, points


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.0123, "+1.2"), (-0.5, "\N{MINUS SIGN}50.0"), (0.0, "0.0"), (-0.0001, "0.0")]
)
def test_points(fraction: float, text: str) -> None:
    assert points(fraction) == text


@pytest.mark.parametrize(
    ("value", "text"), [(3, "3"), (2.0, "2"), (0.25, "0.2"), (-1.5, "\N{MINUS SIGN}1.5"), (1234.5, "1,234")]
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_shares() -> None:
    assert percent(0.929) == "92.9\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("value", "text"), [(float("nan"), ""), (0.0, "< 0.0001"), (0.00012, "0.00012"), (0.0741, "0.074"), (1.0, "1")]
)
def test_p_values(value: float, text: str) -> None:
    assert p_value(value) == text
