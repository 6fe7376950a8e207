"""The gallery: each class's PIE for each variant, with the three labels, on one page that needs nothing else."""

from base64 import b64encode
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image as Picture

from lesion.artifacts.atomic import write_text
from lesion.artifacts.tables import read_parquet
from lesion.audit.comparison.classes import class_names
from lesion.audit.statistics import pie as pie_statistic
from lesion.data.decode import Pixels
from lesion.data.inputs import Shown
from lesion.views.example_images import read_images
from lesion.views.gallery.rendering import render_template
from lesion.views.order import strongest_first

PER_CLASS, PER_VARIANT = 24, 1000  # images that a variant shows: the page of a large study must still open
LETTERS = 400  # of a text
THUMBNAIL = 96  # pixels; larger images are made as small, and JPEG
KINDS = {(True, False): "forgotten", (False, True): "learnt", (False, False): "moved"}  # dense, compressed right
OF_ONE_PAIR = {"forgotten": "broken", "learnt": "fixed", "moved": "moved"}


@dataclass(frozen=True)
class Card:
    """One PIE of one variant: its image as a data URI or its text, its labels by name, and how sure its change is."""

    example_id: int
    image: str
    text: list[str]
    label: str
    dense_label: str
    compressed_label: str
    dense_share: float
    compressed_share: float
    evidence: str
    kind: str


@dataclass(frozen=True)
class Class:
    """The PIE of one class: `cards` are those shown, of `pie` among its `examples` test images."""

    index: int
    name: str
    examples: int
    pie: int
    cards: list[Card]


@dataclass(frozen=True)
class Variant:
    """The PIE of one variant by true class; a class without PIE is left out."""

    name: str
    examples: int
    pie: int
    classes: list[Class]


def data_uri(image: Pixels) -> str:
    """The image, uint8 (height, width, 1 or 3): a PNG of small ones as they are, a JPEG thumbnail of larger ones."""
    buffer, picture = BytesIO(), Picture.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    kind = "jpeg" if max(picture.size) > THUMBNAIL else "png"
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    picture.save(buffer, kind)
    return f"data:image/{kind};base64," + b64encode(buffer.getvalue()).decode()


def _evidence(pie: Mapping[Hashable, Any]) -> str:
    """The score and q; of a single pair of models, which has none, the confidence of both where it is known."""
    if not np.isnan(pie["pie_score"]):
        return f"score {pie['pie_score']:.2f}, q {pie['q']:.2g}"
    if np.isnan(pie["dense_confidence"]) or np.isnan(pie["compressed_confidence"]):
        return ""
    return f"confidence {pie['dense_confidence']:.2f}, then {pie['compressed_confidence']:.2f}"


def _card(pie: Mapping[Hashable, Any], names: list[str], shown: Shown) -> Card:
    return Card(
        example_id=pie["example_id"],
        image="" if isinstance(shown, str) else data_uri(shown),
        text=shortened(shown).splitlines() if isinstance(shown, str) else [],
        label=names[pie["label"]],
        dense_label=names[pie["dense_label"]],
        compressed_label=names[pie["compressed_label"]],
        dense_share=pie["dense_share"],
        compressed_share=pie["compressed_share"],
        evidence=_evidence(pie),
        kind=_kind(pie),
    )


def _kind(pie: Mapping[Hashable, Any]) -> str:
    """What became of the answer; a single pair of models, which has no score, has words of its own."""
    kind = KINDS[pie["dense_label"] == pie["label"], pie["compressed_label"] == pie["label"]]
    return OF_ONE_PAIR[kind] if np.isnan(pie["pie_score"]) else kind


def shown(graded: pd.DataFrame) -> pd.DataFrame:
    """The rows that a variant shows, by class: its strongest PIE within the limits."""
    order = strongest_first(graded[graded["pie"]])
    return order.groupby("label", sort=False).head(PER_CLASS).head(PER_VARIANT).sort_values("label", kind="stable")


def shortened(text: str) -> str:
    """The text, of a long one its beginning."""
    return text if len(text) <= LETTERS else f"{text[:LETTERS]}…"


def gather(name: str, graded: pd.DataFrame, names: list[str], images: Mapping[int, Shown]) -> Variant:
    """Counts and cards of a variant, from its graded examples and the images or texts of those that are shown."""
    totals = np.bincount(graded["label"], minlength=len(names))
    counts = np.bincount(graded.loc[graded["pie"], "label"], minlength=len(names))
    chosen = shown(graded)
    classes = [
        Class(
            index=int(label),
            name=names[label],
            examples=int(totals[label]),
            pie=int(counts[label]),
            cards=[
                _card(pie, names, images[pie["example_id"]])
                for pie in chosen[chosen["label"] == label].to_dict("records")
            ],
        )
        for label in np.flatnonzero(counts)
    ]
    return Variant(name=name, examples=len(graded), pie=int(graded["pie"].sum()), classes=classes)


def render(study: str, variants: list[Variant], *, thing: str = "image") -> str:
    """The page as HTML; all text from data is escaped. `thing`: what an example is called."""
    limits = {"per_class": PER_CLASS, "per_variant": PER_VARIANT}
    return render_template("lesion.views.gallery", study=study, variants=variants, thing=thing, **limits)


def gallery(*, study: str, examples: Path, images: Path, pie: dict[str, Path], page: Path) -> None:
    """The step: read the PIE of each compressed variant and their images, write the page."""
    names = class_names(examples)
    graded = {variant: read_parquet(path, pie_statistic.SCHEMA).to_pandas() for variant, path in pie.items()}
    pixels = read_images(
        examples, images, (example for table in graded.values() for example in shown(table)["example_id"])
    )
    variants = [gather(variant, table, names, pixels) for variant, table in graded.items()]
    thing = "example" if any(isinstance(one, str) for one in pixels.values()) else "image"
    write_text(page, render(study, variants, thing=thing))
