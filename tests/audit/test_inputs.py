"""The same predictions in arrays, series, frames and files of any kind give the same tables."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from lesion.audit.estimator import Audit
from lesion.errors import InputError, NotFittedError

FEW: dict[str, Any] = {"splits": 2, "resamples": 2}
N = 120
RNG = np.random.default_rng(0)
LABEL = RNG.choice(["cat", "dog", " owl"], N)
DENSE, INT8 = (np.where(RNG.random(N) < skill, LABEL, said) for skill, said in ((0.9, "cat"), (0.7, "dog")))
CONFIDENCE = RNG.random(N).round(3)
SIZE = pd.Series(RNG.choice([30.0, 2.5, np.nan], N))

FRAMES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "categories": lambda frame: frame.assign(
        **{name: frame[name].astype("category") for name in ("label", "prediction")}
    ),
    "index": lambda frame: frame.set_index("example_id"),
    "rows in order": lambda frame: frame.drop(columns="example_id"),
    "polars": lambda frame: pl.DataFrame(frame),
    "polars categories": lambda frame: pl.DataFrame(frame).with_columns(pl.col("prediction").cast(pl.Categorical)),
    "pyarrow": pa.Table.from_pandas,
}
ARRAYS: dict[str, Callable[[Any], Any]] = {
    "numpy text": np.asarray,
    "numpy objects": lambda values: values.astype(object),
    "list": lambda values: values.tolist(),
    "series": pd.Series,
    "categorical": pd.Categorical,
    "categorical series": lambda values: pd.Series(values, dtype="category"),
    "polars": pl.Series,
    "polars categories": lambda values: pl.Series(values, dtype=pl.Categorical),
    "pyarrow": pa.array,
    "pyarrow chunks": lambda values: pa.chunked_array([values[:50], values[50:]]),
    "pyarrow dictionary": lambda values: pa.array(values).dictionary_encode(),
}
GROUPS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "mapping": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table,
}  # fmt: skip


def frame(said: Any) -> pd.DataFrame:
    columns = {"example_id": np.arange(N), "label": LABEL, "prediction": said, "confidence": CONFIDENCE, "size": SIZE}
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    folder = tmp_path_factory.mktemp("files")
    for name, said in (("dense", DENSE), ("int8", INT8)):
        frame(said).to_csv(folder / f"{name}.csv", index=False)
    return Audit(**FEW).fit(folder / "dense.csv", str(folder / "int8.csv"))


def same(one: Audit, other: Audit) -> None:
    assert set(one.tables_) == set(other.tables_)
    for name, table in one.tables_.items():
        pd.testing.assert_frame_equal(table, other.tables_[name], check_exact=True)
    pd.testing.assert_frame_equal(one.summary_, other.summary_, check_exact=True)
    assert one.notes_ == other.notes_


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_are_read_as_files_are(files: Audit, kind: str) -> None:
    same(files, Audit(**FEW).fit(*(FRAMES[kind](frame(said)) for said in (DENSE, INT8))))


@pytest.mark.parametrize("kind", ARRAYS)
def test_names_of_classes_may_be_in_any_array(files: Audit, kind: str) -> None:
    dense, int8, label = map(ARRAYS[kind], (DENSE, INT8, LABEL))
    sure = pl.Series(CONFIDENCE), CONFIDENCE
    same(files, Audit(**FEW).fit(dense, int8, label, groups={"size": SIZE}, confidence=sure))


@pytest.mark.parametrize("kind", GROUPS)
def test_groups_may_be_in_any_frame(files: Audit, kind: str) -> None:
    groups = GROUPS[kind]({"size": SIZE})
    audit = Audit(**FEW).fit(DENSE, INT8, LABEL, groups=groups, confidence=(CONFIDENCE, CONFIDENCE))
    same(files, audit)
    assert set(audit.comparison_.groups["size"]) == {"30", "2.5", "(missing)"}


def test_several_models_in_a_frame() -> None:
    rows = pd.concat([frame(said).assign(member=f"seed{k}") for k, said in enumerate((DENSE, INT8, DENSE))])
    by_frame = Audit(**FEW).fit(rows, pl.DataFrame(rows[rows["member"] != "seed2"]))
    dense, compressed = np.stack([DENSE, INT8, DENSE]), np.stack([DENSE, INT8])
    sure = np.stack([CONFIDENCE] * 3), np.stack([CONFIDENCE] * 2)
    by_array = Audit(**FEW).fit(dense, compressed, LABEL, groups={"size": SIZE}, confidence=sure)
    for name, table in by_frame.tables_.items():
        pd.testing.assert_frame_equal(table, by_array.tables_[name])


def test_names_for_numbers_and_an_order_for_names() -> None:
    audit = Audit(**FEW).fit([0, 1, 2], [0, 1, 1], [0, 1, 2], class_names=["owl", "dog", "cat"])
    assert audit.impact_[["class", "name"]].to_numpy().tolist() == [[0, "owl"], [1, "dog"], [2, "cat"]]
    ordered = Audit(**FEW).fit(DENSE, INT8, LABEL, class_names=["owl", "fox", "dog", "cat"])
    assert ordered.impact_["name"].tolist() == ["owl", "dog", "cat"]
    assert any("1 class has no test example" in note for note in ordered.notes_)
    digits = Audit(**FEW).fit(["7", "8", "7"], [7.0, "8", 8], ["7", "8", "8"])
    assert digits.impact_["class"].tolist() == [7, 8]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (([0] * N, INT8), "dense: holds integers, such as 0, and compressed names, such as cat"),
        ((np.array([None, "cat"], dtype=object), [1, 2]), "dense: is missing for 1 of 2"),
        (([["a", "b"], ["a"]], ["a", "b"]), "dense: holds rows of different lengths"),
        (([0, 1], [0, 1], None), "groups: a mapping from names to values or a data frame expected"),
        ((DENSE, frame(INT8)), "dense and compressed are both arrays"),
        ((frame(DENSE).drop(columns="prediction"), frame(INT8)), "dense: has no column prediction"),
        ((frame(DENSE).assign(prediction=[object()] * N), frame(INT8)), "dense: column prediction cannot be read"),
        ((frame(DENSE).assign(member=1).drop(columns="example_id"), frame(INT8)), "dense: has no column example_id"),
        ((frame(DENSE), frame(INT8).assign(label="cat")), "compressed: column label differs from dense"),
        ((pd.concat([frame(DENSE), frame(DENSE)[["label"]]], axis=1), frame(INT8)), "column label is there 2 times"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(given: tuple[Any, ...], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        Audit(**FEW).fit(*given[:2], groups=[1, 2] if len(given) > 2 else None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["cat", "dog"], "owl is none of class_names"),
        (["cat", "dog", "own"], "owl is none of class_names; own is"),
        (["cat", "cat"], "class_names: cat is there 2 times"),
        ([], "class_names: holds nothing"),
    ],
)
def test_names_that_do_not_fit(names: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Audit(**FEW).fit(DENSE, INT8, class_names=names)


def test_options_are_told_and_set() -> None:
    audit = Audit(design="paired", **FEW)
    assert repr(audit) == "Audit(design='paired', splits=2, resamples=2)"
    assert repr(Audit()) == "Audit()"
    assert audit.get_params()["alpha"] == 0.05
    assert Audit(**audit.get_params()).get_params() == audit.get_params()
    assert audit.set_params(alpha=0.1).alpha == 0.1
    with pytest.raises(InputError, match="Audit: no option is called alhpa; alpha is"):
        audit.set_params(alhpa=0.1)


def test_before_fit_every_attribute_says_so() -> None:
    audit = Audit()
    for name in ("summary_", "tables_", "flips_", "notes_", "comparison_", "audited_", "any_other_"):
        with pytest.raises(NotFittedError, match=f"Audit: call fit first; {name} is known after it"):
            getattr(audit, name)
        assert not hasattr(audit, name)
    with pytest.raises(AttributeError, match="no attribute 'foo'"):
        audit.foo  # noqa: B018


def test_after_fit_the_result_is_shown_and_escaped(files: Audit) -> None:
    first, second = repr(files).split("\n")
    assert first == "Audit(splits=2, resamples=2)"
    assert "answers break" in second
    audit = Audit(**FEW).fit(["<b>"] * 50 + ["a"] * 50, ["a"] * 100, ["<b>"] * 50 + ["a"] * 50)
    assert "<b>" in repr(audit)
    html = audit._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt; loses 100.0 points" in html
    assert "<br>" not in Audit()._repr_html_()


def test_scikit_learn_can_clone_it(tmp_path: Path) -> None:
    base = pytest.importorskip("sklearn.base")
    assert base.clone(Audit(alpha=0.1)).get_params() == Audit(alpha=0.1).get_params()
