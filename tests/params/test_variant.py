import pytest

from lesion.params.variant import method


@pytest.mark.parametrize(
    ("variant", "name"),
    [("gmp-50", "gmp"), ("int8-static", "int8-static"), ("one-shot-90", "one-shot"), ("nm-2-4", "nm-2-4")],
)
def test_the_method_is_what_is_left_without_the_level(variant: str, name: str) -> None:
    assert method(variant) == name
