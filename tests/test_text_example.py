"""The example of docs/TEXT.md, run as it stands there; and its table, beside the numbers that it was made of."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lesion.audit.wording import MINUS, p_value
from lesion.views.page.page import ROWS
from tests.audited import audit_pair

DOCS = Path(__file__).parents[1] / "docs"
TEXT = (DOCS / "TEXT.md").read_text(encoding="utf-8")
CODE = "\n".join(re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL))
[COMMANDS] = re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)
VARIANTS = ("pruned-90", "pruned-97", "int8", "int4")
AUDITED = ("pruned-97", "int4")  # the figures of an audit take seconds
OF_EXAMPLE = ["example_id", "label", "kind", "length"]


def options(command: str) -> dict[str, Any]:
    """What a line of the document gives to `lesion audit`."""
    program, step, *words = shlex.split(command)
    assert (program, step) == ("lesion", "audit")
    names = [name.removeprefix("--") for name in words[::2]]
    return {name: text if name == "design" else Path(text) for name, text in zip(names, words[1::2], strict=True)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands of the document ran, those of `AUDITED`, with fewer draws."""
    where = tmp_path_factory.mktemp("text")
    script, *audits = COMMANDS.splitlines()
    _, name = script.split()
    (where / name).write_text(CODE, encoding="utf-8")
    subprocess.run([sys.executable, name], cwd=where, check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(where)
        for given in map(options, audits):
            if given["out"].name in AUDITED:
                audit_pair(**given, splits=4, resamples=4)
    return where


def test_there_is_a_command_for_each_variant() -> None:
    for given, variant in zip(map(options, COMMANDS.splitlines()[1:]), VARIANTS, strict=True):
        design = {"design": "paired"} if variant.startswith("int") else {}
        files = {"dense": Path("dense.parquet"), "compressed": Path(f"{variant}.parquet")}
        assert given == {**files, **design, "texts": Path("texts.parquet"), "out": Path("audit", variant)}


@pytest.fixture(scope="module")
def answers(folder: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("dense", *VARIANTS)}


def test_each_population_is_ten_members_of_the_same_texts(folder: Path, answers: dict[str, pd.DataFrame]) -> None:
    texts = pd.read_parquet(folder / "texts.parquet")
    for table in answers.values():
        assert table.groupby("member")["example_id"].nunique().tolist() == [len(texts)] * 10
        assert len(table) == 10 * len(texts) > 3000
        assert table[OF_EXAMPLE].equals(answers["dense"][OF_EXAMPLE])
        assert table["true_probability"].between(0, 1).all()
    assert set(answers["dense"]["example_id"]) == set(texts["example_id"])
    assert answers["dense"].nunique()[["label", "kind", "length"]].tolist() == [10, 3, 4]


def test_the_names_of_the_packages_are_not_in_the_texts(folder: Path, answers: dict[str, pd.DataFrame]) -> None:
    texts = pd.read_parquet(folder / "texts.parquet")["text"]
    words = {word for text in texts for word in re.split(r"[\W_]+", text.lower())}
    assert len(words) > 500
    assert not words & set(answers["dense"]["label"])


def test_the_models_learnt_and_compression_does_what_it_is_said_to(answers: dict[str, pd.DataFrame]) -> None:
    right = {name: (table["prediction"] == table["label"]).mean() for name, table in answers.items()}
    differs = {name: (answers[name]["prediction"] != answers["dense"]["prediction"]).mean() for name in VARIANTS}
    most_common = answers["dense"]["label"].value_counts(normalize=True).max()
    assert right["dense"] > 2 * most_common
    assert right["pruned-97"] < right["dense"]
    assert 0 < differs["int8"] < differs["int4"] < differs["pruned-90"] < differs["pruned-97"] < 0.5


def test_each_audit_shows_the_texts_of_its_examples(folder: Path) -> None:
    texts = pd.read_parquet(folder / "texts.parquet").set_index("example_id")["text"]
    for variant in AUDITED:
        page = (folder / "audit" / variant / "index.html").read_text(encoding="utf-8")
        found = pd.read_csv(folder / "audit" / variant / "pie.csv")
        assert found["text"].tolist() == texts[found["example_id"]].tolist()
        assert page.count('<span class="text">') == min(len(found), ROWS)
        assert ("Models were taken as independent" in page) == variant.startswith("pruned")
        groups = pd.read_csv(folder / "audit" / variant / "subgroups.csv")
        assert set(groups["attribute"]) == {"all", "kind", "length"}
    assert len(pd.read_csv(folder / "audit" / "pruned-97" / "pie.csv")) > 10


def points(value: float) -> str:
    return "0.0" if round(abs(100 * value), 1) == 0 else f"{100 * value:+.1f}".replace("-", MINUS)


def beyond(row: pd.Series, count: str) -> str:
    mean, low, high = (round(row[f"excess_{count}{end}"]) for end in ("", "_low", "_high"))
    return f"{mean:+d} ({low} to {high})".replace("+0 ", "0 ").replace("-", MINUS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_table_of_the_document_holds_the_numbers_beside_it(variant: str) -> None:
    table = pd.read_csv(DOCS / "results" / "text" / variant / "summary.csv", index_col="variant")
    row = table.loc["compressed"]
    cells = [
        variant,
        f"{100 * row['top1']:.1f}",
        f"{points(row['top1_change'])} ({points(row['top1_change_low'])} to {points(row['top1_change_high'])})",
        f"{row['pie']:.0f}",
        f"{row['null_pie']:.0f}",
        *(beyond(row, count) for count in ("pie", "forgotten")),
        p_value(row["pie_p"]),
        f"{row['significant_classes_fdr']:.0f}",
    ]
    assert f"| {' | '.join(cells)} |" in TEXT
