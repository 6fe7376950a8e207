"""The example of docs/ADD_A_METHOD.md, as it stands there: a new score trains its own variant and nothing else."""

import re

import pytest
import torch
import yaml
from safetensors import safe_open

from lesion.compress.encoding import decode
from tests.pipeline.project import ROOT, Project

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("engines")]

TEXT = (ROOT / "docs" / "ADD_A_METHOD.md").read_text()
[(PATH, CODE)] = re.findall(r"```python\n# (\S+)\n(.*?)```", TEXT, flags=re.DOTALL)


def test_the_formula_of_the_docs() -> None:
    found: dict[str, object] = {}
    exec(CODE, found)
    weight = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    squares = weight.square().flatten().tolist()
    expected = [one / sum(other for other in squares if other >= one) for one in squares]
    score = found["score"]
    assert callable(score)
    torch.testing.assert_close(score(weight).flatten(), torch.tensor(expected, dtype=torch.float64))


def test_the_new_score_of_the_docs(scratch: Project) -> None:
    [block] = re.findall(r"```yaml\nvariants:\n(.*?)active:", TEXT, flags=re.DOTALL)
    (scratch.folder / PATH).write_text(CODE)
    params = scratch.params()
    [(name, variant)] = yaml.safe_load(block).items()
    params["variants"][name] = variant
    params["active"]["trained"].append(name)
    scratch.write_params(params)
    planned = scratch.snakemake_plan()
    assert planned == scratch.dvc_plan()
    shards = {path for path in planned if path.endswith(("safetensors", "0-3.parquet"))}
    assert shards
    assert all(name in path for path in shards)
    scratch.run("lesion", "train", "--study", "digits", "--variant", name, "--shard", "0-3")
    checkpoint = scratch.folder / f"results/digits/checkpoints/{name}/0-3.safetensors"
    with safe_open(checkpoint, framework="pt") as file:
        first = {key.removeprefix("0/"): file.get_tensor(key) for key in file.keys() if key.startswith("0/")}  # noqa: SIM118
    weights = [tensor for tensor in decode(first).values() if tensor.dim() > 1]
    zeros, total = (sum(counts) for counts in ([int((w == 0).sum()) for w in weights], [w.numel() for w in weights]))
    assert zeros == round(0.9 * total)
