"""The format of docs/EXTEND.md, as it stands there."""

import json
import re
import struct
from pathlib import Path

import pytest

from lesion.audit.comparison.files import readers
from lesion.audit.comparison.files.read import read_predictions

ROOT = Path(__file__).parents[5]
BLOCK = re.compile(r"```python\n# src/\S+/readers/(\w+)\.py\n(.*?)```", re.DOTALL)


def test_the_module_is_found_and_reads_its_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [(name, source)] = BLOCK.findall((ROOT / "docs" / "EXTEND.md").read_text(encoding="utf-8"))
    (tmp_path / f"{name}.py").write_text(source)
    log = tmp_path / "mlperf_log_accuracy.json"
    answers = {7: 3, 5: 990, 9: 3}
    entries = [
        {"seq_id": place, "qsl_idx": example, "data": struct.pack("<f", answer).hex()}
        for place, (example, answer) in enumerate(answers.items())
    ]
    log.write_text(json.dumps(entries))
    monkeypatch.setattr(readers, "__path__", [*readers.__path__, str(tmp_path)])
    found = read_predictions(log)
    assert (
        dict(zip(found.population.example_id.tolist(), found.population.prediction[0].tolist(), strict=True)) == answers
    )
    assert found.source is not None
    assert found.source.read_as == "accuracy log of MLPerf Inference, one row an example, classes by number"
