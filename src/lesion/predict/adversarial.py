"""The `adversarial` step: a natural adversarial set, made the way ImageNet-A was (Hendrycks et al., arXiv 1907.07174).

Images of another source with the same classes are kept where a reference model, trained independently of every
population, gets them wrong. A source that was selected so by its authors is taken as it is.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor

from lesion import plugins
from lesion.artifacts.arrays import read_arrays, write_arrays
from lesion.data.contents import record
from lesion.data.dataset import Dataset, Indexed, Packed
from lesion.data.images import FileImages, Images, PackedImages, as_images, folder
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.models.inputs import read_inputs, shown
from lesion.params.recipe import Evaluation, Recipe
from lesion.predict.evaluate import logits, read_batches
from lesion.train.device import computing
from lesion.train.population import check_examples, train_member
from lesion.train.seeds import Seeds


def adversarial(
    *,
    study: str,
    examples: Path,
    images: Path,
    adversarial: Path,
    root_seed: int,
    model: dict[str, Any],
    recipe: Recipe,
    evaluation: Evaluation,
    source: dict[str, Any] | None,
) -> None:
    """Write the natural adversarial set to `adversarial`; without arrays if the study has no source of such images.

    Arrays: label int16 (n,), as the study numbers its classes; example_id int32 (n,), in the other source; prediction
    int16 (n,) of the reference model, if one was used. A packed source adds images uint8 (n, h, w, c). For a source of
    image files the metadata have their names, and the arrays size and digest describe them (`data.contents`). The
    metadata also have the number of images that were looked at.

    Raises
    ------
    InputError
        If the other source has a class that the study lacks or images of another size, or the reference model gets all
        images right.
    """
    if source is None:
        write_arrays(adversarial, {}, study=study)
        return
    split = read_inputs(model, examples, images, "train")
    where = f"studies.{study}.adversarial"
    module = plugins.load("data", source["name"])
    other: Dataset = module.load(plugins.options("data", source, where=where))
    if not isinstance(other, (Packed, Indexed)):
        raise InputError(f"params.yaml: {where}: {source['name']} has no images")
    looked_at = shown(model, _images(other))
    label = labels(other, looked_at, split, where=f"params.yaml: {where}: {source['name']}")
    kept = np.arange(len(label), dtype=np.int32)
    arrays: dict[str, npt.NDArray[Any]] = {}
    if not getattr(module, "SELECTED", False):
        check_examples(split, recipe, study=study)
        seeds = Seeds.derive(root_seed, study, "adversarial/reference", 0)  # no variant has a slash
        prediction = reference_predictions(
            looked_at, split, seeds=seeds, model=model, recipe=recipe, evaluation=evaluation, count=len(label)
        )
        kept = kept[prediction != label]
        arrays["prediction"] = prediction[kept]
    if not len(kept):
        raise InputError(f"{study}: the reference model gets no image of {source['name']} wrong")
    known: dict[str, Any] = {"study": study, "source": source["name"], "looked_at": len(label)}
    if isinstance(other, Packed):
        arrays["images"] = other.images[kept]
    else:
        assert isinstance(looked_at, FileImages)
        files = other.files.take(kept)
        contents, listed = record(folder(other.root), files, adversarial)
        arrays |= contents
        known |= {"root": other.root, "geometry": asdict(looked_at.geometry), "files": files.to_pylist(), **listed}
    write_arrays(adversarial, arrays | {"label": label[kept], "example_id": kept}, **known)


def labels(other: Dataset, images: Images, split: Split, *, where: str) -> npt.NDArray[np.int16]:
    """Labels of another source as the study numbers its classes: int16 (n,); InputError if classes or images differ."""
    if missing := [name for name in other.ids if name not in split.class_ids]:
        raise InputError(f"{where}: class {missing[0]} is none of the study's")
    expected = as_images(split.images, where).shape
    if images.shape != expected:
        raise InputError(f"{where}: images of {images.shape} (side, channels), {expected} expected")
    place = np.array([split.class_ids.index(name) for name in other.ids], dtype=np.int16)
    return np.asarray(place[other.label])


def _images(dataset: Packed | Indexed) -> Images:
    if isinstance(dataset, Packed):
        return PackedImages(dataset.images)
    return FileImages(folder(dataset.root), dataset.files, dataset.geometry)


def reference_predictions(
    images: Images,
    split: Split,
    *,
    seeds: Seeds,
    model: dict[str, Any],
    recipe: Recipe,
    evaluation: Evaluation,
    count: int,
) -> npt.NDArray[np.int16]:
    """Predictions of a dense model with seeds of its own, trained on `split`, for `count` images: int16 (count,)."""
    with computing(threads=recipe.threads) as device:
        reference, _ = train_member(model, {"method": "dense"}, split, recipe=recipe, seeds=seeds, device=device)
        reference.eval().to(device)
        said = [
            logits(reference, split.normalise(pixels.to(device)), evaluation).argmax(dim=1)
            for pixels in read_batches(images, count, evaluation)
        ]
    return torch.cat(said).numpy().astype(np.int16)


def read_adversarial(path: Path) -> tuple[Images, Tensor] | None:
    """The natural adversarial images of a study and their labels, int64 (n,); None where it has none."""
    arrays, facts = read_arrays(path)
    if not arrays:
        return None
    label = torch.from_numpy(arrays["label"]).long()
    if "images" in arrays:
        return PackedImages(arrays["images"]), label
    return FileImages.described(path, facts, arrays, pa.array(facts["files"])), label
