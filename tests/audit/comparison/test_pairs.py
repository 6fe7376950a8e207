"""A study whose members share seeds across variants, from training to the test that is used."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from lesion.audit.comparison.populations import is_paired, read_population
from tests.compared import predictions, table_path
from tests.conftest import step, tiny, write_params

SHARD = "0-3"


@pytest.fixture(scope="module", params=[True, False], ids=["paired", "independent"])
def studied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bool]:
    """A tiny study of dense and pruned members, whether they share seeds, and its audit."""
    folder = tmp_path_factory.mktemp("pairs")
    params = tiny()
    params["active"]["shards"] = params["comparison"]["shards"] = [SHARD]
    params["studies"]["digits"]["recipe"]["paired"] = request.param
    write_params(folder, params)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        step("data", study="digits")
        for variant in ("dense", "gmp-50"):
            step("train", study="digits", variant=variant, shard=SHARD)
            step("predict", study="digits", variant=variant, shard=SHARD)
        for name in ("impact", "pie", "null"):
            step(name, study="digits", variant="gmp-50")
    return folder, request.param


def test_members_that_share_seeds_are_tested_as_pairs(studied: tuple[Path, bool]) -> None:
    folder, paired = studied
    assert set(pd.read_csv(folder / table_path("digits", "impact", "gmp-50"))["test"]) == {
        "moderated-paired" if paired else "moderated"
    }
    assert set(pd.read_csv(folder / table_path("digits", "null", "gmp-50"))["test"].dropna()) == {
        "inner-products" if paired else "permutation"
    }


def test_pairs_start_alike_and_their_predictions_say_so(
    studied: tuple[Path, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, paired = studied
    monkeypatch.chdir(folder)
    dense, pruned = (read_population(predictions("digits", variant, [SHARD])) for variant in ("dense", "gmp-50"))
    assert (dense.origins == pruned.origins) == paired
    assert is_paired(dense.origins, pruned.origins, (4, 4), "auto") == paired
    assert not is_paired(dense.origins, pruned.origins, (4, 4), "independent")
    assert pq.read_table(table_path("digits", "pie", "gmp-50"))["p"].to_pandas().between(0, 1).all()
