"""The whole audit on plain arrays: predictions from anywhere in, tables out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, ValidationError

from lesion.audit.comparison.arrays import (
    Coded,
    Groups,
    Sides,
    coded,
    example_ids,
    group_texts,
    labelled_classes,
    populations,
)
from lesion.audit.comparison.populations import is_paired
from lesion.audit.headline import headline
from lesion.audit.limits import limits
from lesion.audit.statistics.effects import effect_sizes
from lesion.audit.statistics.impact import class_impact, recall_changes
from lesion.audit.statistics.null import null_counts
from lesion.audit.statistics.pie import grade
from lesion.audit.statistics.subgroups import subgroup_table
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.impact import Impact, Normalise
from lesion.params.subgroups import Subgroups
from lesion.seeds import derive_seed


class Options(Impact):
    """What an `Audit` takes."""

    design: Design
    splits: int = Field(ge=1)
    resamples: int = Field(ge=2)
    smallest: int = Field(ge=1)
    seed: int


class Audit:
    """What compression changed, class by class and example by example, beside what seed noise alone gives.

    Parameters
    ----------
    alpha : a test is significant below this p, and by false discovery rate below this q
    normalise : recall relative to the mean accuracy of the population (the paper), or of each member
    design : "paired" where member k of both share their seeds or a parent; "auto" and "independent" take members as
        independent here, since plain arrays do not tell what was trained from what
    splits : how often the null is drawn
    resamples : how often members are drawn with replacement for the interval of the share of PIE
    smallest : a group with fewer examples is called small
    seed : of all that is drawn

    Attributes
    ----------
    summary_ : a row a measure: measure; dense, compressed (their means, or how many there are); value (the change, or a
        count), low and high (its 95 % interval); null, null_low and null_high (what seed noise alone gives: mean and
        95 % range), matched (mean count between as many models as in the null), excess (matched less null)
    impact_ : a row a class (`audit.statistics.impact`); None without labels, or where a side has one member
    recall_ : the columns of `impact_` on recall, which single models have too; None without labels
    pie_ : a row an example (`lesion.audit.statistics.pie.grade`), in the order given
    null_ : a row a split (`lesion.audit.statistics.null.null_counts`); None where there are too few members
    effects_ : a row a measure, with its 95 % interval (`lesion.audit.statistics.effects.effect_sizes`)
    subgroups_ : a row a group (`lesion.audit.statistics.subgroups.subgroup_table`); None without labels or groups
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
    impact_: pd.DataFrame | None
    recall_: pd.DataFrame | None
    pie_: pd.DataFrame
    null_: pd.DataFrame | None
    effects_: pd.DataFrame
    subgroups_: pd.DataFrame | None
    notes_: tuple[str, ...]

    def __init__(
        self,
        *,
        alpha: float = 0.05,
        normalise: Normalise = "population",
        design: Design = "auto",
        splits: int = 200,
        resamples: int = 200,
        smallest: int = 30,
        seed: int = 0,
    ) -> None:
        self.alpha, self.normalise, self.design = alpha, normalise, design
        self.splits, self.resamples, self.smallest, self.seed = splits, resamples, smallest, seed

    def fit(
        self,
        dense: npt.ArrayLike,
        compressed: npt.ArrayLike,
        label: npt.ArrayLike | None = None,
        *,
        example_id: npt.ArrayLike | None = None,
        groups: Groups | None = None,
        classes: int | None = None,
        true_probability: Sides = (None, None),
        correct_top5: Sides = (None, None),
    ) -> Self:
        """Audit two populations of models.

        Parameters
        ----------
        dense, compressed : int (members, examples), or (examples,) for a single model; class ids of 0 and up
        label : int (examples,), the true classes, where they are known
        example_id : integers or text (examples,), each once; 0, 1, … without
        groups : name of an attribute → its values (examples,), or a DataFrame with such columns
        classes : how many there are; without, those that occur
        true_probability, correct_top5 : for dense and for compressed, of the shape of their predictions

        Raises
        ------
        InputError
            Where an array is no such thing; the message names it.
        """
        options = self._options()
        given = populations(
            dense, compressed, label, classes=classes, true_probability=true_probability, correct_top5=correct_top5
        )
        ids = example_ids(example_id, len(given[0].example_id))
        texts = group_texts(groups, len(ids))
        said = coded(given)
        tested = labelled_classes(said)
        paired = is_paired(*said.pair, self.design)
        self.pie_ = self._examples(said, ids)
        self.recall_ = None if tested is None else self._recall(tested, paired=paired)
        self.impact_ = None if tested is None else self._impact(tested, options)
        self.null_ = self._null(said, tested, options, paired=paired)
        self.effects_ = effect_sizes(
            *said.pair,
            classes=len(said.classes),
            design=self.design,
            resamples=self.resamples,
            rng=self._rng("effects"),
        )
        self.subgroups_ = self._subgroups(said, texts, classes) if texts and label is not None else None
        self.summary_ = headline(
            *said.pair, impact=self.impact_, pie=self.pie_, null=self.null_, effects=self.effects_, alpha=self.alpha
        )
        told = limits(said, tested, classes=classes, alpha=self.alpha, design=self.design, paired=paired)
        self.notes_ = tuple(told)
        return self

    def _options(self) -> Impact:
        """The settings of the tests, once all options are known to be good."""
        try:
            options = Options.model_validate({name: getattr(self, name) for name in Options.model_fields})
        except ValidationError as error:
            first = error.errors()[0]
            raise InputError(f"Audit: {first['loc'][0]}: {first['msg']} (found {first['input']!r})") from None
        return Impact(alpha=options.alpha, normalise=options.normalise)

    def _rng(self, part: str) -> np.random.Generator:
        return np.random.default_rng(derive_seed(self.seed, part))

    def _examples(self, said: Coded, ids: npt.NDArray[Any]) -> pd.DataFrame:
        table = grade(*said.pair, classes=len(said.classes), design=self.design).to_pandas()
        label = said.pair[0].label
        given = {name: said.classes[table[name]] for name in ("dense_label", "compressed_label")}
        given["label"] = pd.array([pd.NA] * len(ids), dtype="Int64") if label is None else said.classes[label]
        return table.assign(example_id=ids, **given)

    def _recall(self, tested: Coded, *, paired: bool) -> pd.DataFrame:
        table = recall_changes(*tested.pair, classes=len(tested.classes), paired=paired)
        return table.assign(**{"class": tested.classes})

    def _impact(self, tested: Coded, settings: Impact) -> pd.DataFrame | None:
        if min(len(one.member) for one in tested.pair) < 2:
            return None
        table = class_impact(*tested.pair, classes=len(tested.classes), settings=settings, design=self.design)
        return table.assign(**{"class": tested.classes})

    def _null(self, said: Coded, tested: Coded | None, settings: Impact, *, paired: bool) -> pd.DataFrame | None:
        dense, compressed = said.pair
        if len(dense.member) < (2 if paired else 4) or len(compressed.member) < 2:
            return None

        def drawn(one: Coded) -> pd.DataFrame:
            return null_counts(
                *one.pair,
                classes=len(one.classes),
                settings=settings,
                splits=self.splits,
                design=self.design,
                rng=self._rng("null"),
            )

        if tested is said:
            return drawn(said)
        unlabelled = replace(dense, label=None), replace(compressed, label=None)
        examples = drawn(replace(said, pair=unlabelled))
        if tested is None:
            return examples
        of_classes = drawn(tested).filter(like="significant_classes")  # the same seed, so the same splits
        return pd.concat([examples, of_classes], axis=1)

    def _subgroups(self, said: Coded, groups: Mapping[str, Any], classes: int | None) -> pd.DataFrame:
        return subgroup_table(
            *said.pair,
            groups,
            classes=classes or len(said.classes),
            settings=Subgroups(smallest=self.smallest),
            alpha=self.alpha,
            design=self.design,
        )
