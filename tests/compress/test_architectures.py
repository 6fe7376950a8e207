"""A small part of `make bench-architectures`: timm's smallest networks through every operation."""

import pytest
from bench.architectures import OPERATIONS, row

NO_NORM = {"batch norms": "no batch norm with running statistics"}


@pytest.mark.parametrize(
    ("name", "refused"),
    [("test_efficientnet", {}), ("test_vit", NO_NORM)],
)
def test_small_networks_go_through_every_operation_or_are_refused(name: str, refused: dict[str, str]) -> None:
    found, side, *cells, removed, _ = row(name)
    assert (found, side) == (name, "64")
    assert 20 < int(removed.removesuffix(" %")) < 75
    for operation, said in zip(OPERATIONS, cells, strict=True):
        assert refused[operation] in said if operation in refused else said == "yes", operation
