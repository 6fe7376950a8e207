"""ImageNet-A: natural images of 200 classes that a ResNet-50 got wrong (Hendrycks et al., arXiv 1907.07174)."""

import numpy as np
from pydantic import Field

from lesion.data.centre_crop import CentreCrop
from lesion.data.dataset import Indexed
from lesion.data.image_folder import class_folders, list_files
from lesion.data.imagenet_facts import MEAN, STD, class_names
from lesion.data.images import folder

SELECTED = True  # its authors selected the images, so no model of the study does


class Options(CentreCrop):
    """`root`: folder with a folder of images for each wnid."""

    root: str
    resize: int = Field(256, gt=0)
    side: int = Field(224, gt=0)


def load(options: Options) -> Indexed:
    """Index all image files for testing, by class, then file name."""
    root = folder(options.root)
    wnids = tuple(class_folders(root))
    files, label = list_files(root, "", wnids)
    return Indexed(
        root=options.root,
        files=files,
        label=label,
        train=np.zeros(len(label), dtype=bool),
        class_names=class_names(wnids),
        class_ids=wnids,
        geometry=options.geometry,
        mean=MEAN,
        std=STD,
    )
