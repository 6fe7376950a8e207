from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.from_nodes import from_nodes
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.seeds import derive_seed
from tests.compared import compared, examples_path, predictions
from tests.resampled import CLASSES, made
from tests.synthetic import write_examples, write_population


@pytest.mark.parametrize(
    ("origins", "others", "design", "paired"),
    [
        (None, None, "auto", False),
        ((1, 2, 3, 4, 5, 6), None, "auto", False),
        ((1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5, 6), "auto", True),
        ((1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 6, 5), "auto", False),
        (("a", "b", "c", "d", "e", "f"), ("a", "b", "c", "d", "e", "f"), "auto", True),
        ((1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5, 6), "independent", False),
        (None, None, "paired", True),
    ],
)
def test_members_are_pairs_where_they_have_one_origin_or_it_is_asked_for(
    origins: tuple[int | str, ...] | None, others: tuple[int | str, ...] | None, design: Design, paired: bool
) -> None:
    dense, compressed = replace(made(), origins=origins), replace(made(seed=1), origins=others)
    assert compared(dense, compressed, classes=CLASSES, design=design).paired == paired


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"example_id": np.arange(60)}, "example ids are in one population and not in the other"),
        ({"label": np.zeros(60, dtype=np.int16)}, "have another label in the other population"),
        ({"prediction": np.full((6, 60), CLASSES)}, "prediction holds 4 to 4, 0 to 3 expected"),
    ],
)
def test_what_does_not_fit_is_told(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        compared(made(), replace(made(seed=1), **changed), classes=CLASSES)
    assert "\n" not in str(caught.value)


def test_pairs_need_as_many_members_of_both() -> None:
    with pytest.raises(InputError, match="pairs need as many compressed members as dense, there are 4 and 6"):
        compared(made(), made(members=4), classes=CLASSES, design="paired")


def first(rng: np.random.Generator) -> int:
    return int(rng.integers(2**60))


def test_draws_are_named_by_study_variant_and_purpose() -> None:
    known = compared(made(), made(seed=1), classes=CLASSES, seed=7, study="toy", variant="half")
    bare = compared(made(), made(seed=1), classes=CLASSES, seed=7)

    def expected(*names: str) -> int:
        return first(np.random.default_rng(derive_seed(7, *names)))

    assert first(known.generator("effects")) == expected("toy", "half", "effects")
    assert first(known.generator("null", shared=True)) == expected("toy", "null")
    assert first(bare.generator("effects")) == expected("effects")
    assert first(bare.generator("null", shared=True)) == expected("null")


def test_classes_are_called_as_their_source_calls_them() -> None:
    dense, compressed = made(), made(seed=1)
    ids = Comparison(dense, compressed, np.array([3, 10, 11, 99]), dense.example_id)
    assert ids.called(np.array([3, 0])).tolist() == [99, 3]
    assert ids.named(np.array([3, 0])).tolist() == ["99", "3"]
    named = replace(ids, names=("ant", "bee", "cat", "dog"))
    assert named.called(np.array([3, 0])).tolist() == [99, 3]
    assert named.named(np.array([3, 0])).tolist() == ["dog", "ant"]


def test_a_class_without_test_example_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variant in ("dense", "half"):
        write_population("toy", variant, "0-5", made())

    def read() -> Comparison:
        dense, half = (predictions("toy", variant, ["0-5"]) for variant in ("dense", "half"))
        known = {"study": "toy", "variant": "half", "examples": examples_path("toy"), "dense": dense}
        return from_nodes(**known, compressed=half, root_seed=1, design="auto")  # type: ignore[arg-type]

    write_examples("toy", made(), list("abcd"))
    assert read().present.tolist() == [0, 1, 2, 3]
    write_examples("toy", made(), list("abcde"))
    assert read().present.tolist() == [0, 1, 2, 3]
    assert read().named(np.array([3, 4])).tolist() == ["d", "e"]
