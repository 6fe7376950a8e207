"""Pages of made-up audits, for the tests in a browser: hostile names, texts, pictures, verdicts, several candidates."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesion.audit.candidates.estimator import Candidates
from lesion.audit.comparison.files.texts import TextTable
from lesion.audit.gate.contract import Judged, Limit, Measured, Status, Verdict, status_of
from lesion.views.page.contents import contents
from lesion.views.page.folder import write_folder
from lesion.views.page.pictures import Pictures
from tests.audit.comparison.files.files import written
from tests.views.page.test_pictures import png

NAMES = np.array(
    [
        "cat", "$\\frac{1}{0}$", "<b>bold</b> & \"quoted\" 'too'", "قطة سوداء", "黒猫と白い犬", "🐈\u200d⬛ 🦮",
        "bell\x0bcontrol", "long " * 2000, "\u202eright to left", "unbroken" * 400,
    ],
    dtype=object,
)  # fmt: skip
TEXT = "Once </script><img src=x onerror=alert(1)> was {{ 7 * 7 }} قطة 猫 🐈 " + "a long text " * 40


def table(seed: int, *, examples: int = 160, skill: float = 0.9, members: int = 1) -> pd.DataFrame:
    """Answers of models to the same examples, whatever the seed; the more skilful, the more right."""
    fixed, rng = np.random.default_rng(7), np.random.default_rng(seed)
    label = fixed.integers(0, len(NAMES), examples)
    right = rng.random((members, examples)) < skill
    answer = np.where(right, label, rng.integers(0, len(NAMES), right.shape))
    return pd.DataFrame(
        {
            "example_id": np.tile([f"image {place:04d}" for place in range(examples)], members),
            "member": np.repeat(np.arange(members), examples),
            "label": np.tile(NAMES[label], members),
            "prediction": NAMES[answer.ravel()],
            "confidence": rng.beta(8, 2, answer.size),
            "age": np.tile(np.where(fixed.random(examples) < 0.3, "<i>old</i>", "young"), members),
        }
    )


def limits(*statuses: Status) -> tuple[Judged, ...]:
    """Limits on groups of hostile names."""
    return tuple(
        Judged(
            Limit("loss", "class", str(NAMES[place % 7]), 0.01),
            Measured(0.02, 0.0, 0.05, 40, 900),
            status,
            f"{NAMES[place % 7]} loses 2.0 points [0.0, 5.0], at most 1.0 is allowed: {status}.",
        )
        for place, status in enumerate(statuses)
    )


def verdict(candidate: str, *statuses: Status) -> Verdict:
    """A verdict of such limits."""
    return Verdict(candidate, status_of(statuses), 0.95, limits(*statuses))


def write(folder: Path, *, skills: dict[str, float], verdicts: tuple[Verdict, ...] = (), **known: Any) -> Path:
    """The page of the audit of candidates of these skills, written to `folder / "out"`.

    Parameters
    ----------
    known : members and examples, and whether the page has texts and pictures (`shown`)
    """
    folder.mkdir()
    shown = known.pop("shown", False)
    dense = written(folder / "dense.csv", table(0, **known))
    files = {
        name: written(folder / f"{place}.csv", table(place + 1, skill=skill, **known))
        for place, (name, skill) in enumerate(skills.items())
    }
    found = Candidates(splits=4, resamples=4).fit_files(dense, files).audited_
    texts = pictures = None
    if shown:
        ids = pd.unique(table(0, **known)["example_id"])
        (folder / "images").mkdir()
        for place, name in enumerate(ids[::2]):
            (folder / "images" / f"{name}.png").write_bytes(png(side=8, seed=place))
        pictures = Pictures(folder / "images")
        told = written(folder / "texts.csv", pd.DataFrame({"example_id": ids, "text": TEXT}))
        texts = TextTable(told).of(ids, np.ones(len(ids), dtype=bool))
    write_folder(folder / "out", contents(dense, files, found, texts=texts, pictures=pictures, verdicts=verdicts))
    return folder / "out"


def make(folder: Path) -> dict[str, Path]:
    """Name of each kind of page → its folder."""
    several = {"int8": 0.88, "<int4> & قطة": 0.6, "pruned": 0.8}
    judged = (
        verdict("int8", "passed", "passed"),
        verdict("<int4> & قطة", "passed", "failed", "inconclusive"),
        verdict("pruned", "inconclusive"),
    )
    return {
        "pair": write(folder / "pair", skills={"int4": 0.6}, shown=True),
        "judged": write(
            folder / "judged", skills={"int4": 0.6}, verdicts=(verdict("int4", "passed", "failed", "inconclusive"),)
        ),
        "models": write(folder / "models", skills={"gmp-90": 0.6}, members=5, examples=150),
        "candidates": write(folder / "candidates", skills=several, verdicts=judged, examples=80),
    }
