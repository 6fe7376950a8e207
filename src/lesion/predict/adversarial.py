"""The `adversarial` step: a natural adversarial set, made the way ImageNet-A was (Hendrycks et al., arXiv 1907.07174).

Images of another source with the same classes are kept where a reference model, trained independently of every
population, gets them wrong.
"""

from typing import Any

import torch

from lesion import plugins
from lesion.artifacts import paths
from lesion.artifacts.arrays import write_arrays
from lesion.data.split import read_split
from lesion.errors import InputError
from lesion.params.recipe import Evaluation, Recipe
from lesion.predict.evaluate import logits
from lesion.train.device import computing
from lesion.train.population import train_member
from lesion.train.seeds import Seeds


def adversarial(
    *,
    study: str,
    root_seed: int,
    model: dict[str, Any],
    recipe: Recipe,
    evaluation: Evaluation,
    source: dict[str, Any],
) -> None:
    """Train the reference model, write the images that it gets wrong to `data/adversarial.safetensors`.

    Arrays: images uint8 (n, h, w, c), label int16 (n,), example_id int32 (n,) in the other source, prediction int16
    (n,) of the reference model. The metadata tell how many images were looked at.

    Raises
    ------
    InputError
        Where the other source has other classes or images of another size, or the reference model errs on none.
    """
    split = read_split(study, "train")
    where = f"studies.{study}.adversarial"
    other = plugins.load("data", source["name"]).load(plugins.options("data", source, where=where))
    if other.class_names != split.class_names or other.images.shape[1:] != split.images.shape[1:]:
        raise InputError(f"params.yaml: {where}: {source['name']} differs from {study} in classes or size of image")
    seeds = Seeds.derive(root_seed, study, "adversarial/reference", 0)  # no variant has a slash
    with computing(threads=recipe.threads) as device:
        reference, _ = train_member(model, {"method": "dense"}, split, recipe=recipe, seeds=seeds, device=device)
        inputs = split.normalise(torch.from_numpy(other.images))
        prediction = logits(reference.eval(), inputs, evaluation).argmax(dim=1).numpy().astype("int16")
    wrong = (prediction != other.label).nonzero()[0].astype("int32")
    if not len(wrong):
        raise InputError(f"{study}: the reference model gets no image of {source['name']} wrong")
    arrays = {
        "images": other.images[wrong],
        "label": other.label[wrong],
        "example_id": wrong,
        "prediction": prediction[wrong],
    }
    write_arrays(paths.adversarial(study), arrays, study=study, source=other.source, looked_at=len(other.label))
