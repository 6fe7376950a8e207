"""params.yaml for one trained network that is compressed after training: what `lesion pretrained` writes."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from string import Template

import yaml

from lesion import plugins
from lesion.artifacts.atomic import write_text
from lesion.errors import InputError
from lesion.models.contract import PublishedFamily
from lesion.params.document import NAME
from lesion.pipeline.project import project

STUDY = "pretrained"
LIBRARIES = ("timm", "torchvision")
COMPRESSED = ("int8-static", "int8-dynamic", "int4", "magnitude-50-after", "nm-2-4-after", "filters-10-after")
"""The variants of `TEXT` but dense, in the order of display."""

TEXT = Template("""\
# One trained network, compressed after training in several ways. Written by `lesion pretrained`; change what you like.
# What the keys mean: docs/PRETRAINED.md, docs/STUDIES.md and docs/ADD_A_METHOD.md of Lesion.

active:
  studies: [${study}]
  trained: []
  derived: [$derived]
  external: []      # predictions of other runtimes, in files
  shards: ["0-0"]   # one network
  comparisons: []

root_seed: 1911

studies:
  ${study}:
    data: {name: image-folder, root: $root, train: $train, test: $test, classes: $classes}
    model: {name: $library, architecture: $architecture, input: $shown}   # own: as the published weights are shown them
    calibration: $calibration   # the split whose images methods look at that compress
    budget: {version: 1, all: {loss: $loss}}   # percentage points of accuracy that may be lost (docs/GATE.md)
    evaluation: {batch: 50, precision: {cpu: float32, cuda: float32}, threads: 1, workers: 0}
    robustness: {corruptions: [], severities: []}   # e.g. [gaussian-noise, motion-blur, jpeg-compression] and [3]
    subgroups: []   # attributes of the images whose groups are compared; they take data of `image-table`
    cluster: null
    adversarial: null
    layers: null    # {variants: [int8-static], images: 500}: which layer is to blame (docs/LAYERS.md)
    latency: null   # how long each variant takes on this machine (docs/DEPLOY.md)
    # Of trainings, of which there are none here: a variant with `fine_tune` has a recipe of its own.
    recipe:
      {epochs: 1.0, batch: 32, micro_batch: 32, rate: 0.001, warmup: 0.0, decay: [], decay_factor: 0.1, momentum: 0.9,
       weight_decay: 0.0, label_smoothing: 0.0, augmentation: {shift: 0, mirror: true, smallest_area: 1.0},
       paired: false, precision: {cpu: float32, cuda: float32}, threads: 1, workers: 0}

# `keep: [conv_stem, classifier]`, say, would leave layers of a variant as they are.
variants:
  dense: {method: pretrained, files: $files, key: $key, names: $names}
  # Integers: weights and activations in 8 bits, with scales fixed on calibration images or taken as the network runs;
  # weights alone in 4 bits, with a scale for each 32 and GPTQ's rounding.
  int8-static: {method: int8-static, of: dense, calibration_images: $images}
  int8-dynamic: {method: int8-dynamic, of: dense}
  int4: {method: weight-only, of: dense, format: int4, group: 32, gptq: {images: $images, damping: 0.01}}
  # Zeros: half of the weights, the smallest; two of four; one filter in ten, those that vary least. Then the batch
  # norms are measured anew on calibration images.
  magnitude-50-after:
    {method: prune-trained, of: dense, sparsity: 0.5, score: magnitude, shape: weight, allocation: uniform,
     batch_norms: $norms}
  nm-2-4-after:
    {method: prune-trained, of: dense, sparsity: 0.5, score: magnitude, shape: {name: n-m, of: 4}, allocation: uniform,
     batch_norms: $norms}
  filters-10-after:
    {method: prune-trained, of: dense, sparsity: 0.1, score: {name: activation-variance, images: $images},
     shape: filter, allocation: uniform, batch_norms: $norms}

audit:
  design: auto      # each variant and dense are a pair: every test is of the images they answer differently
  ties: member
  impact: {alpha: 0.05, normalise: member}
  halves: {splits: 200}
  resamples: {draws: 200}
  subgroups: {smallest: 30}

figures:            # width and height in inches, font size in points
  impact: {width: 11.0, height: 6.5, font_size: 9.0}
  reliability: {width: 11.0, height: 6.5, font_size: 9.0}
  size: {width: 6.5, height: 4.5, font_size: 9.0}
""")


@dataclass(frozen=True, kw_only=True)
class PretrainedStudy:
    """What is known of one trained network and its images.

    Attributes
    ----------
    model : library and name of the network, `timm/tf_efficientnet_lite0`
    weights : its checkpoint
    images : the folder of the classes' folders of images, by which variants are judged
    calibration : a folder like it, of images to compress with; None for those of `images`
    names, key : the map of tensor names, and the part of the checkpoint, as of method `pretrained`
    classes : the file of class ids in the order of the network's outputs; None for the names of the folders, sorted
    loss : percentage points of accuracy that a variant may lose
    count : calibration images that are looked at, at most
    """

    model: str
    weights: Path
    images: Path
    calibration: Path | None = None
    names: Path | None = None
    key: str | None = None
    classes: Path | None = None
    loss: float = 2.0
    count: int = 256

    def text(self) -> str:
        """params.yaml.

        Raises
        ------
        InputError
            If a file is missing, or the model is not named as library/architecture.
        """
        library, _, architecture = self.model.partition("/")
        if library not in LIBRARIES or not architecture:
            raise InputError(f"--model: {self.model}: timm/<architecture> or torchvision/<architecture> is expected")
        for option, path in (("weights", self.weights), ("names", self.names), ("classes", self.classes)):
            if path is not None and not path.is_file():
                raise InputError(f"--{option}: {path}: there is no such file")
        root, train, test = self._folders()
        return TEXT.substitute(
            study=STUDY, library=library, architecture=_plain(architecture), shown=_shown(library, architecture),
            derived=", ".join(COMPRESSED), root=_plain(root), train=_plain(train),
            test=_plain(test), classes=_path(self.classes), calibration="train" if self.calibration else "test",
            loss=self.loss, files=_path(self.weights, braces=True), key=_plain(self.key), names=_path(self.names),
            images=self.count, norms=self.count,
        )  # fmt: skip

    def _folders(self) -> tuple[str, str | None, str]:
        """The folder that holds both folders of images, and the two below it."""
        named = {"images": self.images, "calibration": self.calibration}
        for option, folder in named.items():
            if folder is not None and not folder.is_dir():
                raise InputError(f"--{option}: {folder}: there is no such folder")
        test = self.images.resolve()
        if self.calibration is None:
            return str(test), None, "."
        train = self.calibration.resolve()
        root = Path(os.path.commonpath([test, train]))
        return str(root), train.relative_to(root).as_posix(), test.relative_to(root).as_posix()


def write_study(study: PretrainedStudy, out: Path) -> Path:
    """Write params.yaml into the folder `out`, which is made; InputError if it has one, or something in it is wrong."""
    path = out / NAME
    if path.exists():
        raise InputError(f"{path}: is there already, and you may have changed it; give another folder")
    text = study.text()
    project(yaml.safe_load(text))
    out.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    return path


def audit_command(out: str = "page") -> str:
    """The command that puts all variants on one page, in the folder of the study, once they have answered."""
    place = f"results/{STUDY}/predictions/{{}}/0-0.parquet"
    named = "".join(f" \\\n  --compressed {name}={place.format(name)}" for name in COMPRESSED)
    names = f"--classes results/{STUDY}/data/examples.parquet"
    return f"lesion audit --dense {place.format('dense')}{named} \\\n  {names} --out {out}"


def _shown(library: str, architecture: str) -> str:
    """`own` where the library publishes weights of the network, and so says how it is shown images."""
    family, options = plugins.component("model", {"name": library, "architecture": architecture}, where="--model")
    own = family.own_input(options, "default") if isinstance(family, PublishedFamily) else None
    return "null" if own is None else "own"


def _plain(value: str | None) -> str:
    """Text as YAML has it: quoted, or null."""
    return json.dumps(value, ensure_ascii=False)


def _path(path: Path | None, *, braces: bool = False) -> str:
    """An absolute path in quotes, with braces doubled where the key reads them as places to fill."""
    if path is None:
        return "null"
    text = str(path.absolute())
    return _plain(text.replace("{", "{{").replace("}", "}}") if braces else text)
