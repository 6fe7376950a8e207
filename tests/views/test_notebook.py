"""What a notebook shows of an audit: figures, the page, JSON."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

import lesion
from lesion.audit.gate.gate import Gate
from lesion.errors import InputError, NotFittedError
from lesion.views.figures import style

FEW: dict[str, Any] = {"splits": 2, "resamples": 2}
RNG = np.random.default_rng(0)
LABEL = np.repeat(np.array(["cat", "<dog>", "owl"]), 40)
KIND = RNG.choice(["a", "b"], 120)
PLOTS = ("classes", "groups", "flips", "reliability", "noise")


def said(members: int, skill: float) -> Any:
    return np.where(RNG.random((members, 120)) < skill, LABEL, "owl")


def sure(members: int) -> Any:
    return RNG.random((members, 120)), RNG.random((members, 120))


@pytest.fixture(scope="module")
def pair() -> lesion.Audit:
    return lesion.Audit(**FEW).fit(
        said(1, 0.9), said(1, 0.6), LABEL, groups={"kind": KIND}, confidence=sure(1)
    )  # fmt: skip


@pytest.fixture(scope="module")
def populations() -> lesion.Audit:
    return lesion.Audit(**FEW).fit(said(5, 0.9), said(5, 0.6), LABEL, groups={"kind": KIND}, confidence=sure(5))


@pytest.fixture(scope="module")
def candidates() -> lesion.Candidates:
    return lesion.Candidates(**FEW).fit(said(1, 0.9), {"int8": said(1, 0.8), "int4": said(1, 0.5)}, LABEL)


def words(figure: Figure) -> str:
    texts = [text.get_text() for axes in figure.axes for text in axes.get_yticklabels()]
    return " ".join(texts)


@pytest.mark.parametrize("name", PLOTS)
def test_each_figure_of_populations_and_of_a_pair(name: str, pair: lesion.Audit, populations: lesion.Audit) -> None:
    figure = getattr(populations.plot, name)()
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
    if name == "noise":
        with pytest.raises(InputError, match="four dense models and two compressed ones are needed"):
            pair.plot.noise()
        return
    of_pair = getattr(pair.plot, name)()
    if name == "classes":
        assert words(of_pair).split() == words(of_pair).replace("kind", "").split()
        assert all(label in words(figure) for label in ("cat", "<dog>", "owl"))
    if name == "groups":
        assert words(of_pair) in ("kind: a kind: b", "kind: b kind: a")
        assert words(figure) in ("kind: a kind: b", "kind: b kind: a")
    if name == "flips":
        assert "kind: a" in words(of_pair)
        assert "cat" in words(of_pair)


def test_a_figure_shows_the_changes_of_the_table(populations: lesion.Audit) -> None:
    figure = populations.plot.classes()
    [axes] = figure.axes
    drawn = np.sort(np.asarray(axes.collections[-1].get_offsets())[:, 0])
    np.testing.assert_allclose(drawn, np.sort(100 * populations.impact_["change"]))


def test_the_style_stays_when_the_figure_is_drawn_later(pair: lesion.Audit) -> None:
    figure = pair.plot.classes()
    import matplotlib

    with matplotlib.rc_context({"text.color": "red", "xtick.labelcolor": "red"}):
        figure._repr_png_()  # type: ignore[attr-defined]
    assert to_rgba(figure.axes[0].get_xticklabels()[0].get_color()) == to_rgba(style.INK)


def test_what_cannot_be_drawn_is_told(candidates: lesion.Candidates) -> None:
    bare = lesion.Audit(**FEW).fit([0, 1], [0, 0])
    for name, why in (("classes", "labels"), ("groups", "groups"), ("flips", "labels"), ("reliability", "confidences")):
        with pytest.raises(InputError, match=why):
            getattr(bare.plot, name)()
    with pytest.raises(InputError, match="a candidate expected; there are int8, int4"):
        candidates.plot.classes()
    with pytest.raises(InputError, match="no candidate is called int2; there are int8, int4"):
        candidates.plot.classes("int2")
    assert isinstance(candidates.plot.classes("int4"), Figure)
    assert isinstance(candidates.plot.candidates(), Figure)
    unlabelled = lesion.Candidates(**FEW).fit([0, 1], {"a": [0, 0], "b": [1, 1]})
    with pytest.raises(InputError, match="nothing to draw"):
        unlabelled.plot.candidates()


def test_the_page_stands_alone(pair: lesion.Audit, candidates: lesion.Candidates, tmp_path: Path) -> None:
    for audit in (pair, candidates):
        text = audit.to_html(tmp_path / "page.html")
        assert (tmp_path / "page.html").read_text(encoding="utf-8") == text
        assert text.startswith("<!DOCTYPE html>")
        assert "<dog>" not in text
        assert "&lt;dog&gt;" in text
        assert not re.findall(r'(?:href|src)="(?!#|data:)', text)
        anchors = set(re.findall(r'href="#([^"]+)"', text))
        assert anchors <= set(re.findall(r'id="([^"]+)"', text))
    assert not list(tmp_path.glob("*/"))


def test_the_page_shows_verdicts(candidates: lesion.Candidates) -> None:
    gate = Gate({"version": 1, "all": {"loss": 1.0}})
    verdicts = gate.judge(candidates)
    assert "failed" in candidates.to_html(verdicts=verdicts)
    assert [verdict.candidate for verdict in verdicts] == ["int8", "int4"]


def test_json_is_that_of_the_command_line(candidates: lesion.Candidates, pair: lesion.Audit, tmp_path: Path) -> None:
    found = json.loads(candidates.to_json(tmp_path / "audit.json"))
    assert json.loads((tmp_path / "audit.json").read_text()) == found
    assert [one["name"] for one in found["candidates"]] == ["int8", "int4"]
    assert len(json.loads(pair.to_json())["candidates"][0]["tables"]["impact"]) == 3


def test_candidates_tell_their_options_and_results(candidates: lesion.Candidates) -> None:
    first, *found = repr(candidates).split("\n")
    assert first == "Candidates(splits=2, resamples=2)"
    assert [line.split(":")[0] for line in found] == ["int8", "int4"]
    assert lesion.Candidates().set_params(alpha=0.1).options["alpha"] == 0.1
    assert "&lt;dog&gt;" in candidates._repr_html_() or "<dog>" not in candidates._repr_html_()
    for name in ("table_", "between_", "parts_", "notes_", "audited_", "plot"):
        with pytest.raises(NotFittedError, match=r"Candidates: call fit first"):
            getattr(lesion.Candidates(), name)
    with pytest.raises(NotFittedError, match="Audit: call fit first; audited_"):
        lesion.Audit().to_html()


def test_an_audit_imports_no_matplotlib_until_it_draws() -> None:
    code = "import sys, lesion; lesion.Audit().fit([0, 1], [0, 0], [0, 1]); assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
