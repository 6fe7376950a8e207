"""Every data set that params.yaml can name keeps the contract: mypy checks the assignments below."""

import pkgutil

from lesion.data import sets
from lesion.data.contract import DatasetModule
from lesion.data.sets import (
    celeba,
    cifar10,
    digits,
    image_folder,
    image_table,
    imagenet,
    imagenet_a,
    mnist_8x8,
    table,
    texts,
)
from lesion.params.settings import Settings

DATA_SETS: dict[str, DatasetModule] = {
    "celeba": celeba,
    "cifar10": cifar10,
    "digits": digits,
    "image_folder": image_folder,
    "image_table": image_table,
    "imagenet": imagenet,
    "imagenet_a": imagenet_a,
    "mnist_8x8": mnist_8x8,
    "table": table,
    "texts": texts,
}


def test_every_data_set_is_checked_against_the_contract() -> None:
    assert {module.name for module in pkgutil.iter_modules(sets.__path__)} == set(DATA_SETS)
    assert all(issubclass(module.Options, Settings) for module in DATA_SETS.values())
