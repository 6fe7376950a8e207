"""Facts about ImageNet: the mean and standard deviation of its pixels, and the names of its classes."""

from importlib.util import find_spec
from pathlib import Path

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # the usual values, R G B

TWINS = {  # classes of ILSVRC 2012 that share their first synonym, told apart by their definitions
    "n02012849": "crane (bird)",
    "n03126707": "crane (machine)",
    "n03710637": "maillot (tights)",
    "n03710721": "maillot (swimsuit)",
}


def class_names(wnids: tuple[str, ...]) -> tuple[str, ...]:
    """The first synonym of each wnid in the list that timm ships. An unknown wnid is its own name.

    If several of `wnids` share a synonym, each name gets its wnid too, so that all names differ.
    """
    timm = find_spec("timm")  # located, not imported: it would import torch
    assert timm is not None
    assert timm.origin is not None
    path = Path(timm.origin).parent / "data" / "_info" / "imagenet_synset_to_lemma.txt"
    wanted, synonym = set(wnids), dict[str, str]()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            wnid, _, synonyms = line.rstrip("\n").partition("\t")
            if wnid in wanted:
                synonym[wnid] = TWINS.get(wnid, synonyms.split(", ")[0])
    names = [synonym.get(wnid, wnid) for wnid in wnids]
    return tuple(f"{name} ({wnid})" if names.count(name) > 1 else name for wnid, name in zip(wnids, names, strict=True))
