"""Networks for rows of features and for texts, beside the same formula by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lesion.compress.masks import prunable
from lesion.data.features import Features
from lesion.data.token_texts import TokenTexts
from lesion.errors import InputError
from lesion.models import mlp, text_cnn
from lesion.models.build import build
from tests.training import random_split


def test_a_perceptron_is_its_formula() -> None:
    torch.manual_seed(0)
    network = mlp.build(mlp.Options(widths=[5, 3]), features=4, classes=2)
    tensors = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    inputs = torch.randn(7, 4)
    held = inputs.numpy()
    for layer in ("0", "2"):
        held = np.maximum(held @ tensors[f"{layer}.weight"].T + tensors[f"{layer}.bias"], 0)
    expected = held @ tensors["4.weight"].T + tensors["4.bias"]
    np.testing.assert_allclose(network(inputs).detach().numpy(), expected, rtol=1e-4, atol=1e-6)
    assert [name for name, _, _ in prunable(network)] == ["0.weight", "2.weight", "4.weight"]


def test_a_network_of_texts_is_its_formula() -> None:
    torch.manual_seed(0)
    network = text_cnn.build(
        text_cnn.Options(embedding=3, channels=2, kernels=[1, 3]), vocabulary=9, length=5, classes=4
    )
    tensors = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    assert (tensors["embedding.weight"][0] == 0).all()  # padding says nothing
    tokens = torch.randint(9, (6, 5))
    found = []
    for text in tokens.numpy():
        largest = []
        for place, kernel in enumerate((1, 3)):
            weight, bias = (tensors[f"convolutions.{place}.{name}"] for name in ("weight", "bias"))
            padded = np.pad(tensors["embedding.weight"][text], ((kernel // 2, kernel // 2), (0, 0)))
            windows = [padded[start : start + kernel].T for start in range(len(text))]
            sums = np.array([[(window * one).sum() for one in weight] for window in windows]) + bias
            largest.append(np.maximum(sums, 0).max(axis=0))
        found.append(np.concatenate(largest) @ tensors["linear.weight"].T + tensors["linear.bias"])
    np.testing.assert_allclose(network(tokens).detach().numpy(), found, rtol=1e-4, atol=1e-6)
    weights = [name for name, _, _ in prunable(network)]
    assert weights == ["convolutions.0.weight", "convolutions.1.weight", "linear.weight"]  # embeddings stay


def test_a_network_is_built_for_what_the_examples_are() -> None:
    features = Features(np.zeros((2, 6), np.float32), np.zeros(6, np.float32), np.ones(6, np.float32), tuple("abcdef"))
    split = replace(random_split(), images=features)
    network = build({"name": "mlp", "widths": [3]}, split)
    assert network(split.blank()).shape == (1, len(split.class_names))
    texts = replace(split, images=TokenTexts(np.zeros((2, 7), np.int32), ("a",)))
    model = {"name": "text-cnn", "embedding": 2, "channels": 3, "kernels": [2]}
    assert build(model, texts)(texts.blank()).shape == (1, len(split.class_names))
    with pytest.raises(InputError, match="model: mlp takes features, the examples are texts"):
        build({"name": "mlp", "widths": [3]}, texts)
    with pytest.raises(InputError, match="model: small-cnn takes images, the examples are features"):
        build({"name": "small-cnn", "widths": [3]}, split)
