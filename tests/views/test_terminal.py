"""What `lesion audit` prints: the findings on a small screen, in any encoding."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lesion
from lesion.audit.candidates.estimator import Candidates
from lesion.audit.contract import AuditedCandidates
from lesion.audit.gate.contract import Judged, Limit, Measured, Verdict
from lesion.audit.headline import headline
from lesion.audit.wording import MINUS
from lesion.views.terminal import LINES, WIDTH, encodable, lines

NAMES = np.array(["cat", "dog", "狐" * 30, "\x0bowl", "a\nb"])
PAGE = Path("out") / "index.html"


def audited(names: Sequence[str] = ("int8",), *, labelled: bool = True, **known: Any) -> AuditedCandidates:
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(5), 200)
    before = np.where(rng.random(1_000) < 0.9, label, (label + 1) % 5)
    after = np.where((label == 2) & (rng.random(1_000) < 0.3), 3, before)
    after = np.where((before != label) & (rng.random(1_000) < 0.2), label, after)
    options = {"groups": {"kind": rng.choice(["a", "b"], 1_000)}, "confidence": (rng.random(1_000), None), **known}
    found = (
        Candidates(splits=2, resamples=2)
        .fit(before, dict.fromkeys(names, after), label if labelled else None, groups=options["groups"])
        .audited_
    )
    comparisons = [replace(one.audited.comparison, names=tuple(NAMES)) for one in found.all]
    return Candidates(splits=2, resamples=2).compare(zip(names, comparisons, strict=True)).audited_


def verdict(name: str) -> Verdict:
    limit, measured = Limit("loss", "class", "cat", 0.01), Measured(0.02, 0.015, 0.03, 200, None)
    return Verdict(name, "failed", 0.95, (Judged(limit, measured, "failed", "class cat loses 2.0 points"),))


def test_one_candidate_takes_ten_lines_at_most() -> None:
    found = audited()
    said = lines(found, (verdict("int8"),), page=PAGE)
    assert len(said) <= LINES
    assert max(map(len, said)) <= WIDTH
    assert said[-1] == f"Page      {PAGE}"
    assert said[-2] == "Verdict   failed: 1 limit, 1 failed"
    assert " ".join(said).replace("\n", " ").startswith(headline(found.all[0].audited)[:30])
    assert not any(sign in line for sign in "\x0b\n" for line in said)
    [classes] = [line for line in said if line.startswith("Classes")]
    assert classes.count("*") == 2  # the class that is named, and what the star is
    table = found.all[0].audited.tables["impact"]
    assert f"{MINUS}{-100 * table['change'].min():.1f}*" in classes
    lost, won = found.all[0].audited.tables["flips"].iloc[0][["broken", "fixed"]]
    assert f"{lost} broken, {won} fixed" in "".join(said)


@pytest.mark.parametrize("count", [2, 7, 40])
def test_each_of_several_has_a_line(count: int) -> None:
    names = [f"candidate {place}" for place in range(count)]
    found = audited(("one", "two"))
    both = [replace(found.all[place % 2], name=name) for place, name in enumerate(names)]
    said = lines(AuditedCandidates(tuple(both), {}), [verdict(name) for name in names], page=PAGE)
    assert len(said) <= LINES
    shown = sum(line.startswith("candidate") for line in said)
    assert shown == min(count, LINES - 3 if count == LINES - 3 else LINES - 4 if count > LINES - 3 else count)
    assert sum("failed" in line for line in said) == shown
    assert any(f"and {count - shown} more" in line for line in said) == (shown < count)


def test_without_labels_no_accuracy_is_told() -> None:
    for names in (("int8",), ("int8", "int4")):
        said = "\n".join(lines(audited(names, labelled=False), page=PAGE))
        assert "change" in said
        assert "→" not in said


def test_a_plain_terminal_gets_plain_signs_and_names_stay_as_they_are() -> None:
    line = f"狐 loses {MINUS}1.0 → 2 …"
    assert encodable(line, "utf-8") == line
    assert encodable(line, "ascii") == "狐 loses -1.0 > 2 ..."


def written(folder: Path) -> list[str]:
    rng = np.random.default_rng(1)
    label = np.repeat(["cat", "dog"], 50)
    for name, skill in (("dense", 0.9), ("int8", 0.7)):
        said = np.where(rng.random(100) < skill, label, "owl")
        rows = pd.DataFrame({"example_id": np.arange(100), "label": label, "prediction": said})
        rows.to_csv(folder / f"{name}.csv", index=False)
    return ["audit", "--dense", "dense.csv", "--compressed", "int8.csv", "--out", "é", "--splits", "2"]


def run(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "lesion", *written(folder), *options]
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(sys.path)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_command_prints_findings_or_json_or_nothing(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert len(done.stdout.splitlines()) <= LINES
    assert "\\u2212" not in done.stdout
    assert (tmp_path / "é" / "index.html").exists()
    quiet = run(tmp_path, "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    told = run(tmp_path, "--json")
    found = json.loads(told.stdout)
    both = (lesion.read_predictions(tmp_path / f"{name}.csv") for name in ("dense", "int8"))
    audit = lesion.Audit(splits=2).fit(*both)  # type: ignore[arg-type]
    assert found["candidates"][0]["headline"] == headline(audit.audited_)
