"""Every module that a variant can name keeps the contract of its folder: mypy checks the assignments below."""

import pkgutil
from collections.abc import Mapping
from types import ModuleType

import pytest

from lesion.compress import (
    allocations,
    contracts,
    mergings,
    methods,
    regrowths,
    regularisers,
    schedules,
    scores,
    selections,
    shapes,
)
from lesion.compress.allocations import amc, erk, evolution, global_ranking, greedy, uniform
from lesion.compress.mergings import correlation, data_free, neuron
from lesion.compress.methods import (
    dense,
    drop_connect,
    dropout,
    external,
    fbs,
    float16,
    int8_dynamic,
    int8_static,
    learn_masks,
    merge,
    onnx,
    pretrained,
    prune,
    prune_trained,
    reconstruct,
    remove,
    rnp,
    small_dense,
    switch,
    weight_only,
)
from lesion.compress.regrowths import exchange, surgery
from lesion.compress.regularisers import ista_gamma, l1, ltp, slimming, sss, variational_dropout
from lesion.compress.schedules import at_initialisation, gradual, iterative, one_shot
from lesion.compress.scores import (
    activation_mean,
    activation_variance,
    apoz,
    bn_scale,
    geometric_median,
    grasp,
    l_obs,
    magnitude,
    nisp,
    obd,
    obd_fisher,
    random_draw,
    woodfisher,
)
from lesion.compress.scores import gradient as gradient_score
from lesion.compress.scores import gradient_weight as gradient_weight_score
from lesion.compress.search.options import Budgeted, Searching
from lesion.compress.selections import first, largest, lasso, thinet
from lesion.compress.shapes import block, channel, filter, head, kernel, layer, n_m, vector, weight
from lesion.params.settings import Settings

FORMULAS: dict[str, contracts.Score] = {"geometric_median": geometric_median, "magnitude": magnitude}
COMPENSATING: dict[str, contracts.CompensatingScore] = {"l_obs": l_obs, "woodfisher": woodfisher}
CONSTANT: dict[str, contracts.ConstantScore] = {"activation_variance": activation_variance}
MEASURING: dict[str, contracts.MeasuringScore] = {
    "activation_mean": activation_mean,
    "apoz": apoz,
    "bn_scale": bn_scale,
    "gradient": gradient_score,
    "gradient_weight": gradient_weight_score,
    "grasp": grasp,
    "nisp": nisp,
    "obd": obd,
    "obd_fisher": obd_fisher,
    "random_draw": random_draw,
    **COMPENSATING,
    **CONSTANT,
}
SCORES: dict[str, contracts.Score] = {**FORMULAS, **MEASURING}
SELECTIVE: dict[str, contracts.SelectiveShape] = {"head": head}
SHAPES: dict[str, contracts.Shape] = {
    **SELECTIVE,
    "block": block,
    "channel": channel,
    "filter": filter,
    "kernel": kernel,
    "layer": layer,
    "n_m": n_m,
    "vector": vector,
    "weight": weight,
}
PURE: dict[str, contracts.Allocation] = {"erk": erk, "global_ranking": global_ranking, "uniform": uniform}
SEARCHING: dict[str, contracts.SearchingAllocation] = {"amc": amc, "evolution": evolution, "greedy": greedy}
ALLOCATIONS: dict[str, contracts.Module] = {**PURE, **SEARCHING}
SCHEDULES: dict[str, contracts.ScheduleModule] = {
    "at_initialisation": at_initialisation,
    "gradual": gradual,
    "iterative": iterative,
    "one_shot": one_shot,
}
REGROWTHS: dict[str, contracts.RegrowthModule] = {"exchange": exchange, "surgery": surgery}
MASK_LEARNERS: dict[str, contracts.MaskLearnerModule] = {
    "ista_gamma": ista_gamma,
    "ltp": ltp,
    "sss": sss,
    "variational_dropout": variational_dropout,
}
REGULARISERS: dict[str, contracts.RegulariserModule] = {"l1": l1, "slimming": slimming, **MASK_LEARNERS}
MERGINGS: dict[str, contracts.Merging] = {"correlation": correlation, "data_free": data_free, "neuron": neuron}
SELECTIONS: dict[str, contracts.Selection] = {"first": first, "largest": largest, "lasso": lasso, "thinet": thinet}
TRAINED: dict[str, contracts.TrainedMethod] = {
    "dense": dense,
    "drop_connect": drop_connect,
    "dropout": dropout,
    "fbs": fbs,
    "learn_masks": learn_masks,
    "prune": prune,
    "rnp": rnp,
    "small_dense": small_dense,
    "switch": switch,
}
PRETRAINED: dict[str, contracts.PretrainedMethod] = {"pretrained": pretrained}
FINE_TUNED: dict[str, contracts.FineTunedMethod] = {
    "merge": merge,
    "prune_trained": prune_trained,
    "reconstruct": reconstruct,
}
DERIVED: dict[str, contracts.DerivedMethod] = {
    **FINE_TUNED,
    "float16": float16,
    "int8_dynamic": int8_dynamic,
    "int8_static": int8_static,
    "remove": remove,
    "weight_only": weight_only,
}
METHODS: dict[str, contracts.Method] = {**TRAINED, **PRETRAINED, **DERIVED, "external": external, "onnx": onnx}

FOLDERS: dict[ModuleType, Mapping[str, contracts.Module]] = {
    scores: SCORES,
    shapes: SHAPES,
    allocations: ALLOCATIONS,
    schedules: SCHEDULES,
    regrowths: REGROWTHS,
    regularisers: REGULARISERS,
    mergings: MERGINGS,
    selections: SELECTIONS,
    methods: METHODS,
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_is_checked_against_a_contract(folder: ModuleType) -> None:
    assert {module.name for module in pkgutil.iter_modules(folder.__path__)} == set(FOLDERS[folder])
    assert all(issubclass(module.Options, Settings) for module in FOLDERS[folder].values())


def test_optional_functions_are_found_where_they_are() -> None:
    assert {name for name, shape in SHAPES.items() if isinstance(shape, contracts.SelectiveShape)} == set(SELECTIVE)
    for contract, expected, function in (
        (contracts.MeasuringScore, MEASURING, "measure"),
        (contracts.CompensatingScore, COMPENSATING, "compensate"),
        (contracts.ConstantScore, CONSTANT, "constants"),
    ):
        assert {name for name, score in SCORES.items() if isinstance(score, contract)} == set(expected)
        assert {name for name, score in SCORES.items() if hasattr(score, function)} == set(expected)


def test_allocations_that_search_have_the_settings_of_a_search() -> None:
    found = {name for name, module in ALLOCATIONS.items() if isinstance(module, contracts.SearchingAllocation)}
    assert found == set(SEARCHING)
    assert {name for name, module in ALLOCATIONS.items() if issubclass(module.Options, Searching)} == found
    assert {name for name, module in ALLOCATIONS.items() if issubclass(module.Options, Budgeted)} == set(PURE)


def test_regularisers_and_methods_say_of_which_kind_they_are() -> None:
    assert {name for name, module in REGULARISERS.items() if module.LEARNS_MASKS} == set(MASK_LEARNERS)
    assert {name for name, module in METHODS.items() if module.KIND == "derived"} == set(DERIVED)
    assert {name for name, module in METHODS.items() if module.KIND == "trained"} == set(TRAINED) | set(PRETRAINED)
