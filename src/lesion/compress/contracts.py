"""The contracts of the modules that a variant names, one `Protocol` for each folder of modules.

`plugins.load` finds modules by name, so it cannot give them types. Code that loads one annotates it with its protocol,
and `tests/compress/test_contracts.py` lets mypy check every module against its protocol. Parameters named `options`
take the module's own `Options`; arguments that differ between modules are `Any` here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from torch import Size, Tensor, nn

    from lesion.compress import regrowth, regulariser, schedule, training
    from lesion.compress.calibration import Calibration
    from lesion.compress.channels.sets import ChannelSet
    from lesion.compress.grouping import Grouping, Groups
    from lesion.compress.merging import Layer, Merge
    from lesion.compress.per_image import Computed
    from lesion.compress.probe import Probe, Sampler
    from lesion.compress.reconstruction.problem import Problem
    from lesion.compress.search.problem import AllocationProblem
    from lesion.params.settings import Settings

    Measured = dict[str, dict[str, Tensor]]
    """What a score measured: argument of its formula -> weight name -> tensor."""

    Compressor = Callable[[Mapping[str, Tensor]], dict[str, Tensor]]
    """State dict of a trained member -> the tensors to store.

    Its attributes `facts` and `own_facts`, if any, go into the metadata: of all members, and of the last one.
    """

    Restorer = Callable[[Mapping[str, Tensor]], nn.Module]
    """Stored tensors -> the network that computes with them, in evaluation mode; valid until the next call."""


class Module(Protocol):
    """What all modules have: `Options`, the class that validates their part of params.yaml."""

    @property
    def Options(self) -> type[Settings]:  # noqa: N802
        """The module's settings."""


class Score(Module, Protocol):
    """How much each weight matters. The least salient weights are pruned first."""

    def score(self, weight: Tensor, *args: Any, **measured: Any) -> Tensor:
        """Saliency of each weight, in the shape of `weight`. `measured` is what `measure` found for this weight."""


@runtime_checkable
class MeasuringScore(Score, Protocol):
    """A score that measures the network first. A weight without a measurement is not pruned."""

    def measure(self, probe: Probe, options: Any) -> Measured:
        """Tensors for the arguments of `score`, by argument name, then by weight name."""


@runtime_checkable
class CompensatingScore(MeasuringScore, Protocol):
    """A score that adjusts the kept weights after pruning."""

    @property
    def LOWERS_LOSS(self) -> bool:  # noqa: N802
        """True if the adjustment is meant to lower the loss on the `images` of the options; it is shortened if not."""

    def compensate(self, weight: Tensor, mask: Tensor, options: Any, *args: Any, **measured: Any) -> Tensor:
        """The adjusted weight, in the same shape; zero where `mask` (bool, True where kept) is False."""


@runtime_checkable
class ConstantScore(MeasuringScore, Protocol):
    """A score that gives pruned units a constant output other than zero."""

    def constants(self, *args: Any, **measured: Any) -> Tensor:
        """Constant that replaces the bias of each pruned unit, (units,)."""


class Shape(Module, Protocol):
    """Which weights are pruned together."""

    @property
    def SPARES(self) -> tuple[str, ...]:  # noqa: N802
        """Prunable layers that stay dense: "first", "last"."""

    @property
    def WHOLE_UNITS(self) -> bool:  # noqa: N802
        """True if a pruned group takes the bias and the batch norm of its output channels with it."""

    @property
    def TIED(self) -> bool:  # noqa: N802
        """True if channels are pruned in all tensors that they lie in together; `grouping` then does not count."""

    def grouping(self, shape: Size, options: Any) -> Grouping | None:
        """The groups of a weight tensor of this shape; None if the shape does not divide it, so that it stays dense."""


@runtime_checkable
class SelectiveShape(Shape, Protocol):
    """A mask shape of tied channels that prunes some of them alone."""

    def prunes(self, channels: ChannelSet) -> bool:
        """True for sets of channels that are pruned."""


class Allocation(Module, Protocol):
    """How many groups of each tensor are pruned."""

    def allocate(self, tensors: Mapping[str, Groups], sparsity: float, options: Any) -> dict[str, int]:
        """Number of groups to prune in each row of each tensor, by weight name."""


@runtime_checkable
class SearchingAllocation(Module, Protocol):
    """An allocation that tries numbers of groups on the network. Its `Options` are `compress.search.options.Searching`.

    Each update of a schedule searches anew.
    """

    def search(self, problem: AllocationProblem, options: Any) -> dict[str, int]:
        """As `allocate`, within the budget of the problem and with at most `options.trials` trials."""


class ScheduleModule(Module, Protocol):
    """When weights are pruned."""

    def Schedule(self, options: Any, *, steps: int) -> schedule.Schedule:  # noqa: N802
        """Plan for a training of `steps` steps."""


class RegrowthModule(Module, Protocol):
    """How pruned weights come back."""

    @property
    def STRAIGHT_THROUGH(self) -> bool:  # noqa: N802
        """True if masked weights keep training."""

    def needs_pruned_gradients(self, options: Any) -> bool:
        """True if the regrowth uses gradients of pruned groups."""

    def Regrowth(self, options: Any, *, steps: int) -> regrowth.Regrowth:  # noqa: N802
        """Regrowth for a training of `steps` steps."""


class RegulariserModule(Module, Protocol):
    """What is added to the loss."""

    @property
    def LEARNS_MASKS(self) -> bool:  # noqa: N802
        """True if the regulariser learns what to prune; it is then a `MaskLearnerModule`."""

    def Regulariser(self, options: Any, probe: Probe, *, steps: int, examples: int) -> regulariser.Regulariser:  # noqa: N802
        """Regulariser of one network, for `steps` steps in all and a training split of `examples` images."""


class Merging(Module, Protocol):
    """Which units of a layer leave, and which take them over."""

    def merge(self, layer: Layer, leaving: int, options: Any) -> Merge:
        """Let `leaving` units leave, fewer than there are. None of the units has left before."""


class MaskLearnerModule(RegulariserModule, Protocol):
    """A regulariser that learns what to prune."""

    def Regulariser(self, options: Any, probe: Probe, *, steps: int, examples: int) -> regulariser.MaskLearner:  # noqa: N802
        """As in `RegulariserModule`."""


class Selection(Module, Protocol):
    """Which input channels of a layer are kept, by method `reconstruct`."""

    def select(self, problem: Problem, count: int, options: Any) -> Tensor:
        """The `count` channels that are kept: bool (c,)."""


class Method(Module, Protocol):
    """How a variant is made."""

    @property
    def KIND(self) -> str:  # noqa: N802
        """Either "trained" (here or elsewhere), "derived" (made from another variant) or "external" (predictions)."""

    @property
    def FLOAT_MEMBERS(self) -> bool:  # noqa: N802
        """True if members have the float weights of the network, so that other variants can be made from them."""


class StoredMethod(Method, Protocol):
    """A method whose members are stored as tensors."""

    def restorer(self, model: nn.Module, options: Any, example: Tensor) -> Restorer:
        """Function that turns stored tensors into a network. `example`: one normalised image, float32 (1, c, h, w)."""


class TrainedMethod(StoredMethod, Protocol):
    """A method that acts while a network trains."""

    def Training(  # noqa: N802
        self, model: nn.Module, options: Any, *, steps: int, sample: Sampler, examples: int, seed: int
    ) -> training.Training:
        """Start on `model`. `steps` is the length of one training, `examples` the size of the training split."""


class PretrainedMethod(StoredMethod, Protocol):
    """A method that reads members from files."""

    def path(self, options: Any, *, study: str, member: int) -> Path:
        """The checkpoint of a member."""

    def read_files(self, options: Any, *, study: str, members: Sequence[int]) -> list[Path]:
        """All files that members are read from, which the node depends on."""

    def load_member(self, options: Any, *, study: str, member: int) -> dict[str, Tensor]:
        """The state dict of one member."""

    def load_names(self, options: Any) -> dict[str, str]:
        """Name in the checkpoint -> name in the network, for those that differ."""


class DerivedMethod(StoredMethod, Protocol):
    """A method that compresses trained members."""

    def compressor(self, model: nn.Module, options: Any, calibration: Calibration) -> Compressor:
        """Function that compresses one member. `model`: a network in the member's shapes, in evaluation mode."""


@runtime_checkable
class FineTunedMethod(DerivedMethod, Protocol):
    """A derived method whose members may be trained after compression, by the recipe `fine_tune` of its options."""

    def FineTuning(self, model: nn.Module, image: Tensor) -> training.Training:  # noqa: N802
        """Start on a compressed `model`. `image`: one normalised image on its device, float32 (1, c, h, w)."""


@runtime_checkable
class Chooses(Protocol):
    """A module of a network that chooses, for each image, what it computes (`compress/runtime`)."""

    def computed(self) -> Mapping[str, Computed]:
        """What was computed with its weights, by their names within the module, of the last batch in evaluation mode.

        It holds for a weight until the next batch; a weight that is not named is computed with for every image.
        """
