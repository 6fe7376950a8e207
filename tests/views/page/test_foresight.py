from lesion.audit.contract import Audited
from lesion.audit.estimator import Audit
from lesion.audit.wording import percent
from lesion.views.page import foresight
from lesion.views.page.parts import SECTIONS
from tests.audit.statistics.test_foresight import INT8, ONE, PRUNED, TEN
from tests.compared import compared


def audited(*sides: object) -> Audited:
    return Audit(splits=4, resamples=4).compare(compared(*sides, classes=4)).audited_  # type: ignore[arg-type]


def test_one_pair_has_a_row_a_target_without_members_and_halves() -> None:
    found = audited(ONE, INT8)
    [table] = foresight.section(found)
    assert list(table.columns) == ["what was foreseen", "among", "such answers", "AUROC", "among the riskiest tenth"]
    assert [row[:2] for row in table.rows] == [
        ["answers that change", "all examples"],
        ["answers that break", "all examples"],
        ["answers that break", "right answers"],
    ]
    first = found.tables["foresight"].iloc[0]
    assert table.rows[0][3].startswith(f"{first['auroc']:.2f} [")
    assert table.rows[0][4].startswith(percent(first["tenth"]))
    assert percent(first["misplaced"]) in table.text
    assert "Ceiling" not in table.text


def test_several_members_have_halves_and_a_ceiling() -> None:
    [table] = foresight.section(audited(TEN, PRUNED))
    assert list(table.columns[-2:]) == ["halves", "ceiling"]
    assert {row[3] for row in table.rows} == {"1", "2", "4", "10"}
    assert "Ceiling" in table.text
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_nothing_is_said_where_nothing_changes() -> None:
    assert foresight.section(audited(ONE, ONE)) == []
    assert "foresight" in SECTIONS
