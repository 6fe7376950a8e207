"""Clusters: codes of names, and ids of examples that suggest them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesion.audit.comparison.clusters import codes, suggested


@given(st.lists(st.sampled_from(["b", "a", "7", "x"]), min_size=1))
def test_codes_tell_clusters_apart_and_have_no_gaps(names: list[str]) -> None:
    found = codes(np.array(names, dtype=object))
    assert sorted(set(found.tolist())) == list(range(len(set(names))))
    assert [one == other for one in names for other in names] == [one == other for one in found for other in found]


def ids(pattern: str, groups: int = 12, each: int = 3) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array([pattern.format(place // each, place % each) for place in range(groups * each)], dtype=object)


@pytest.mark.parametrize(
    "pattern",
    [
        "video{}_frame{}",
        "doc-{}/q{}",
        "patient {} {}",
        "{}:{}",
        "text{}.{}",
        "clip_{}_{}.png",
        "a/b{}/{}.JPEG",
        "{}-{}",
    ],
)
def test_ids_that_name_groups(pattern: str) -> None:
    found = suggested(ids(pattern), None, [])
    assert found is not None
    assert found == (12, pattern.format(0, 0), pattern.format(0, 1))
    assert suggested(ids(pattern).astype(str), None, []) == found


@pytest.mark.parametrize(
    "example_id",
    [
        np.arange(100),
        np.array([f"image_{place}" for place in range(100)], dtype=object),
        np.array([f"{place}_{place}" for place in range(100)], dtype=object),
        np.array([f"image{place}.png" for place in range(100)], dtype=object),
        np.array([str(place) for place in range(100)], dtype=object),
        ids("video{}_frame{}", groups=9),
        ids("video{}_frame{}", each=1),
    ],
)
def test_ids_that_name_none(example_id: np.ndarray[tuple[int], np.dtype[np.object_]]) -> None:
    assert suggested(example_id, None, []) is None


def test_groups_that_are_classes_or_large_groups_are_no_clusters() -> None:
    group = np.arange(36) // 3
    assert suggested(ids("class{}/{}"), 100 - group, []) is None
    assert suggested(ids("class{}/{}"), group // 2, []) is not None
    assert suggested(ids("video{}/{}"), np.arange(36) % 2, [group]) is not None
    large = np.arange(480) // 40
    benchmarks = ids("bench{}/{}", each=40)
    assert suggested(benchmarks, None, [np.arange(480) % 2, 100 - large]) is None
    assert suggested(benchmarks, None, [np.arange(480) % 2, large // 2]) is not None
