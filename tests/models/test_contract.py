"""Every model that params.yaml can name keeps the contract: mypy checks the assignments below."""

import pkgutil
from importlib import import_module
from typing import Any

from lesion import models
from lesion.models import cifar_resnet, mlp, small_cnn, text_cnn, timm, torchvision, wide_resnet
from lesion.models.contract import FeatureFamily, ModelFamily, PreparedFamily, PublishedFamily, TextFamily
from lesion.params.network import Network

MODELS: dict[str, ModelFamily] = {
    "cifar_resnet": cifar_resnet,
    "small_cnn": small_cnn,
    "timm": timm,
    "torchvision": torchvision,
    "wide_resnet": wide_resnet,
}

OF_FEATURES: dict[str, FeatureFamily] = {"mlp": mlp}
OF_TEXTS: dict[str, TextFamily] = {"text_cnn": text_cnn}

PREPARED: dict[str, PreparedFamily] = {"cifar_resnet": cifar_resnet}
PUBLISHED: dict[str, PublishedFamily] = {"timm": timm, "torchvision": torchvision}


def test_every_model_is_checked_against_the_contract() -> None:
    found = {module.name for module in pkgutil.iter_modules(models.__path__)}
    known: dict[str, Any] = {**MODELS, **OF_FEATURES, **OF_TEXTS}
    assert {name for name in found if hasattr(import_module(f"{models.__name__}.{name}"), "Options")} == set(known)
    assert all(issubclass(module.Options, Network) for module in known.values())
    assert {name for name, module in MODELS.items() if isinstance(module, PublishedFamily)} == set(PUBLISHED)
    assert {name for name, module in MODELS.items() if isinstance(module, PreparedFamily)} == set(PREPARED)
