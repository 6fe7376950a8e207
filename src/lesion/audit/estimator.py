"""The whole audit of predictions from anywhere: arrays or files in, tables out."""

from collections.abc import Sequence
from typing import Any, Self

import numpy.typing as npt
import pandas as pd
from pydantic import Field, ValidationError

from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.comparison.frames import is_array, read_given
from lesion.audit.comparison.from_arrays import Groups, Sides, from_arrays
from lesion.audit.comparison.from_files import from_predictions
from lesion.audit.contract import Audited
from lesion.audit.estimating import Estimator
from lesion.audit.headline import headline
from lesion.audit.limits import limits
from lesion.audit.registry import load_all
from lesion.audit.summary import accuracy_row, as_table, statistics_row
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.normalise import Normalise
from lesion.params.resamples import Resamples
from lesion.params.subgroups import Subgroups
from lesion.params.ties import Ties


class Options(Impact):
    """What an `Audit` takes."""

    design: Design
    ties: Ties
    splits: int = Field(ge=1)
    resamples: int = Field(ge=2)
    smallest: int = Field(ge=1)
    seed: int
    study: str
    variant: str


class Audit(Estimator):
    """What compression changed, class by class and example by example, beside what seed noise alone gives.

    The tables are those of the pipeline (`results/<study>/`), and so are the numbers.

    Parameters
    ----------
    alpha : a test is significant below this p, and by false discovery rate below this q
    normalise : recall relative to the accuracy of each member, or to the mean of the population (the paper)
    design : "paired" where member k of both share their seeds or a parent; "auto" pairs them where the files tell that
        they do, and takes them as independent elsewhere
    ties : which of the labels with the most votes is the modal one: that of the first "member", or the largest "label"
        (the paper)
    splits : how often the null is drawn
    resamples : how often members are drawn with replacement for the interval of the share of PIE
    smallest : a group with fewer examples is called small
    seed : of all that is drawn
    study, variant : names that, with the seed, name the draws; with those of a study and its root seed, the numbers are
        those of the pipeline to the last digit

    Attributes
    ----------
    summary_ : a row for dense and one for compressed, with the columns of the pipeline's `summary.csv`: variant;
        members; top1 with its interval and standard deviation, top5; the columns of each statistic. What cannot be said
        is empty
    flips_, impact_, pie_, subgroups_, effects_, null_, calibration_, reliability_, foresight_ : the table of each
        statistic (`lesion.audit.statistics`), with `<name>_` for any other; without rows where there is nothing to
        say
    tables_ : the same tables by the name of the statistic
    comparison_ : what was compared
    notes_ : sentences: what could not be said, and why

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> label = np.repeat([0, 1, 2], 100)
    >>> def models(skill):  # ten models, right with this probability for each class
    ...     right = rng.random((10, 300)) < np.repeat(skill, 100)
    ...     return np.where(right, label, (label + 1) % 3)
    >>> audit = Audit(splits=20, resamples=20).fit(models([0.9, 0.9, 0.9]), models([0.9, 0.9, 0.6]), label)
    >>> audit.impact_[["class", "direction", "significant_fdr"]]
       class direction  significant_fdr
    0      0      gain             True
    1      1      gain             True
    2      2      loss             True
    >>> audit.effects_.set_index("measure").loc["top1", ["dense", "compressed", "change"]].round(2).tolist()
    [0.9, 0.8, -0.1]
    >>> single = Audit().fit(models([0.9, 0.9, 0.9])[0], models([0.9, 0.9, 0.6])[0])
    >>> print(single.notes_[0])
    No labels were given: nothing is said of accuracy, of classes, or of error rates. PIE need none.
    """

    summary_: pd.DataFrame
    impact_: pd.DataFrame
    pie_: pd.DataFrame
    null_: pd.DataFrame
    effects_: pd.DataFrame
    subgroups_: pd.DataFrame
    flips_: pd.DataFrame
    calibration_: pd.DataFrame
    reliability_: pd.DataFrame
    foresight_: pd.DataFrame
    tables_: dict[str, pd.DataFrame]
    comparison_: Comparison
    notes_: tuple[str, ...]

    def __init__(
        self,
        *,
        alpha: float = 0.05,
        normalise: Normalise = "member",
        design: Design = "auto",
        ties: Ties = "member",
        splits: int = 200,
        resamples: int = 200,
        smallest: int = 30,
        seed: int = 0,
        study: str = "",
        variant: str = "",
    ) -> None:
        self.alpha, self.normalise, self.design, self.ties = alpha, normalise, design, ties
        self.splits, self.resamples, self.smallest = splits, resamples, smallest
        self.seed, self.study, self.variant = seed, study, variant

    def fit(
        self,
        dense: Any,
        compressed: Any,
        label: npt.ArrayLike | None = None,
        *,
        example_id: npt.ArrayLike | None = None,
        groups: Groups | None = None,
        cluster: npt.ArrayLike | None = None,
        classes: int | None = None,
        class_names: Sequence[str] | None = None,
        true_probability: Sides = (None, None),
        correct_top5: Sides = (None, None),
        confidence: Sides = (None, None),
    ) -> Self:
        """Audit two populations of models.

        Arrays are those of NumPy, lists, and series of pandas, polars and pyarrow. Whatever holds the predictions, the
        same predictions give the same numbers.

        Parameters
        ----------
        dense, compressed : array of (members, examples), or (examples,) for a single model: class ids of 0 and up, or
            names of classes. Or a data frame of pandas, polars or pyarrow with the columns of a file (docs/AUDIT.md), a
            file's path, or what `read_predictions` read; these hold the rest, so nothing else is given then
        label : (examples,), the true classes, where they are known; numbers or names as in the predictions
        example_id : integers or text (examples,), each once; 0, 1, … without
        groups : name of an attribute → its values (examples,), or a data frame with such columns
        cluster : integers or text (examples,): examples with the same value belong together, as frames of a video do
        classes : how many there are; without, those that occur
        class_names : what people call the classes 0, 1, …; of predictions that hold names, their order
        true_probability, correct_top5 : for dense and for compressed, of the shape of their predictions
        confidence : probability of the answer given, for dense and for compressed, of the shape of their predictions

        Raises
        ------
        InputError
            Where an array or a column is no such thing; the message names it.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"prediction": ["cat", "cat", "dog"], "label": ["cat", "cat", "dog"]})
        >>> audit = Audit().fit(frame, frame.assign(prediction=["cat", "dog", "dog"]))
        >>> audit.flips_.set_index("group").loc["cat", ["examples", "broken", "fixed"]].tolist()
        [2, 1, 0]
        """
        self.check()
        beside: dict[str, Any] = {
            "label": label, "example_id": example_id, "groups": groups, "cluster": cluster, "classes": classes,
            "class_names": class_names,
        }  # fmt: skip
        sides: dict[str, Any] = {
            "true_probability": true_probability,
            "correct_top5": correct_top5,
            "confidence": confidence,
        }
        arrays = [is_array(side) for side in (dense, compressed)]
        if all(arrays):
            return self.compare(from_arrays(dense, compressed, **beside, **sides, **self.drawing))
        if any(arrays):
            raise InputError("fit: dense and compressed are both arrays, or both files or data frames")
        given = [name for name, value in beside.items() if value is not None]
        given += [name for name, (one, other) in sides.items() if one is not None or other is not None]
        if given:
            raise InputError(f"fit: files and data frames hold labels and groups, so {given[0]} is not expected")
        one, other = (read_given(name, side) for name, side in zip(SIDES, (dense, compressed), strict=True))
        return self.compare(from_predictions(one, other, **self.drawing))

    @property
    def drawing(self) -> dict[str, Any]:
        """What the options say of a `Comparison`: its design, and what names its draws."""
        return {name: getattr(self, name) for name in ("design", "seed", "study", "variant")}

    def compare(self, comparison: Comparison) -> Self:
        """Audit a comparison, whatever it was made of."""
        settings = self._settings(comparison)
        statistics = load_all()
        self.comparison_ = comparison
        self.tables_ = {
            name: statistic.table(
                comparison,
                **{argument: settings[key] for argument, key in statistic.SETTINGS.items() if key in settings},
            )
            for name, statistic in statistics.items()
        }
        for name, table in self.tables_.items():
            setattr(self, f"{name}_", table)
        populations = zip(SIDES, (comparison.dense, comparison.compressed), strict=True)
        rows = [{"variant": side} | accuracy_row(population) for side, population in populations]
        rows[1] |= statistics_row(statistics, self.tables_, alpha=self.alpha)
        self.summary_ = as_table(rows)
        self.notes_ = tuple(limits(comparison, alpha=self.alpha))
        return self

    @property
    def audited_(self) -> Audited:
        """All that was found, as the page reads it."""
        return Audited(self.comparison_, self.tables_, self.summary_.set_index("variant"), self.alpha, self.notes_)

    def results(self) -> list[str]:
        """The sentence that matters."""
        return [headline(self.audited_)] if hasattr(self, "comparison_") else []

    def check(self) -> None:
        """Raise InputError where an option is out of range; the message names it."""
        try:
            Options.model_validate({name: getattr(self, name) for name in Options.model_fields})
        except ValidationError as error:
            first = error.errors()[0]
            raise InputError(f"Audit: {first['loc'][0]}: {first['msg']} (found {first['input']!r})") from None

    def _settings(self, comparison: Comparison) -> dict[str, Any]:
        """Dotted key of params.yaml → what the options say of it; a statistic has a default for any other key."""
        self.check()
        return {
            "audit.impact": Impact(alpha=self.alpha, normalise=self.normalise),
            "audit.impact.alpha": self.alpha,
            "audit.ties": self.ties,
            "audit.halves": Halves(splits=self.splits),
            "audit.resamples": Resamples(draws=self.resamples),
            "audit.subgroups": Subgroups(smallest=self.smallest),
            "studies.{study}.subgroups": [[name] for name in comparison.groups],
        }
