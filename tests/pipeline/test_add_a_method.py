"""The example of docs/EXTEND.md, typed as it stands there: a new score trains its own variant and nothing else."""

import re

import pytest
from safetensors import safe_open

from lesion.compress.encoding import decode
from tests.pipeline.project import ROOT, Project

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("engines")]


def test_the_new_score_of_the_docs(scratch: Project) -> None:
    text = (ROOT / "docs" / "EXTEND.md").read_text()
    [code] = re.findall(r"```python\n# (\S+)\n(.*?)```", text, flags=re.DOTALL)
    (scratch.folder / code[0]).write_text(code[1])
    params = scratch.params()
    params["variants"]["random-50"] = params["variants"]["gmp-50"] | {"score": "random-score"}
    params["active"]["trained"].append("random-50")
    scratch.write_params(params)
    planned = scratch.snakemake_plan()
    assert planned == scratch.dvc_plan()
    shards = {path for path in planned if path.endswith(("safetensors", "0-3.parquet"))}
    assert shards
    assert all("random-50" in path for path in shards)
    scratch.run("lesion", "train", "--study", "digits", "--variant", "random-50", "--shard", "0-3")
    checkpoint = scratch.folder / "results/digits/checkpoints/random-50/0-3.safetensors"
    with safe_open(checkpoint, framework="pt") as file:
        first = {key.removeprefix("0/"): file.get_tensor(key) for key in file.keys() if key.startswith("0/")}  # noqa: SIM118
    weights = [tensor for tensor in decode(first).values() if tensor.dim() > 1]
    assert [int((weight == 0).sum()) for weight in weights] == [round(0.5 * weight.numel()) for weight in weights]
