"""The one sentence that matters of an audit: who pays, who gains, and what accuracy does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lesion.audit.contract import Audited
from lesion.audit.statistics import flips, subgroups
from lesion.audit.wording import MINUS, number, p_said, percent, points

NAMED, LENGTH = 2, 40
"""How many who lose are named, and of those who gain; characters of a name."""
REST, AVERAGE = "the rest", "the average"
UNSURE = "no change of accuracy is sure"


@dataclass(frozen=True)
class Told:
    """What the tests carry.

    Attributes
    ----------
    lose, gain : rows of those who lose more than the rest, and of those who gain, the largest changes first: attribute,
        group, change, change_low, change_high
    asked : the attributes that were tested
    others : how many of the rest change, too, if not more than the rest does; None where that is not tested
    beside : what they were compared with
    """

    lose: pd.DataFrame
    gain: pd.DataFrame
    asked: frozenset[str]
    others: int | None
    beside: str


def headline(audited: Audited) -> str:
    """Who loses more than the rest, who gains, and what accuracy does, with 95 % intervals; or what cannot be told.

    Who is named: of one pair of models, who changes by McNemar's test and more than the rest (`flips.named`); of
    populations, who changes more than the average (q) and whose interval lies on one side of 0. The false discovery
    rate is `audited.alpha` over all classes and groups: where nothing changes, in at most that share of studies is one
    named. Names are those of the data, on one line and shortened: who shows the sentence escapes them.
    """
    comparison = audited.comparison
    if comparison.label is None:
        return _ended(_unlabelled(audited))
    if not comparison.single and not comparison.several:
        few = "one model a side is too few to tell what others would do"
        return _ended([_accuracy(audited), few])
    told = who_pays(audited)
    accuracy, who = _answers(audited) if comparison.single else _accuracy(audited), _who(told)
    if who:
        return _ended([*who, _nobody_else(told), accuracy], named=True)
    beyond = [] if comparison.single or not accuracy.startswith(UNSURE) else _beyond_seeds(audited)
    return _ended([accuracy, *beyond, _nobody_else(told)])


def who_pays(audited: Audited) -> Told:
    """Who is named, of labelled examples: nobody where one side alone has a single model."""
    return _of_pair(audited) if audited.comparison.single else _of_populations(audited)


def _ended(clauses: Sequence[str], *, named: bool = False) -> str:
    """The clauses as a sentence; one that begins with a name keeps its letters."""
    text = "; ".join(filter(None, clauses))
    return f"{text if named and not text.startswith('class ') else text[:1].upper() + text[1:]}."


def _of_pair(audited: Audited) -> Told:
    table = audited.tables["flips"]
    lose, gain = flips.named(table, alpha=audited.alpha)
    tested = table[table["p_beyond"].notna()]
    others = tested.index[tested["q"] < audited.alpha].difference(lose.index.union(gain.index))
    return Told(lose, gain, frozenset(tested["attribute"]), len(others), REST)


def _of_populations(audited: Audited) -> Told:
    """Of groups the error rate, told as accuracy."""
    classes, groups = audited.tables["impact"], audited.tables["subgroups"]
    errors = groups[(groups["measure"] == "error") & (groups["attribute"] != subgroups.ALL)]
    turned = {"change": -errors["change"], "change_low": -errors["change_high"], "change_high": -errors["change_low"]}
    families = [classes.assign(attribute=flips.CLASS, group=classes["name"]), errors.assign(**turned, t=-errors["t"])]
    tested = [rows[rows["q"].notna()] for rows in families]
    rows = pd.concat(tested, ignore_index=True)
    sure = rows[rows["q"] < audited.alpha / max(sum(map(bool, map(len, tested))), 1)]
    sure = sure.sort_values("change", kind="stable")
    lose = sure[(sure["t"] < 0) & (sure["change_high"] < 0)]
    gain = sure[(sure["t"] > 0) & (sure["change_low"] > 0)].iloc[::-1]
    return Told(lose, gain, frozenset(rows["attribute"]), None, AVERAGE)


def _who(told: Told) -> list[str]:
    """`cat loses 27.9 points [20.1, 35.2]`, and who gains."""
    clauses = []
    for rows, one, several, sign in ((told.lose, "loses", "lose", -1), (told.gain, "gains", "gain", 1)):
        if rows.empty:
            continue
        first, *following = rows.head(NAMED).to_dict("records")
        text = f"{_name(first)} {one} {_size(first, sign, ' points')}"
        text += "".join(f", {_name(row)} {_size(row, sign)}" for row in following)
        left = len(rows) - NAMED
        clauses.append(text + (f", and {left:,} more {one if left == 1 else several}" if left > 0 else ""))
    return clauses


def _nobody_else(told: Told) -> str:
    """What holds of those who are not named; nothing where there are no classes and groups."""
    if not told.asked:
        return ""
    kinds = [kind for kind, asked in (("class", flips.CLASS in told.asked), ("group", _groups(told))) if asked]
    who = f"no {'' if told.lose.empty and told.gain.empty else 'other '}{' or '.join(kinds)}"
    if told.others == 0 and not (told.lose.empty and told.gain.empty):
        return f"{who} changes beyond noise"
    return f"{who} is sure to lose more than {told.beside}, or to gain"


def _groups(told: Told) -> bool:
    return bool(told.asked - {flips.CLASS})


def _name(row: Mapping[Any, Any]) -> str:
    """A class by its name, or as `class 3`; a group by its attribute, too."""
    name = " ".join(str(row["group"]).split())
    text = f"{row['attribute']} {name}" if row["attribute"] != flips.CLASS or name.isdecimal() else name
    return text if len(text) <= LENGTH else f"{text[: LENGTH - 1].rstrip()}…"


def _plain(fraction: float) -> str:
    return f"{100 * fraction:.1f}".replace("-", MINUS)


def _size(row: Mapping[Any, Any], sign: int, unit: str = "") -> str:
    """How large a loss or gain is, with its interval, in points."""
    low, high = sorted(sign * row[f"change_{end}"] for end in ("low", "high"))
    return f"{_plain(sign * row['change'])}{unit} [{_plain(low)}, {_plain(high)}]"


def _answers(audited: Audited) -> str:
    """How many answers break and are fixed between two models, and whether that is more than chance."""
    whole = audited.tables["flips"].iloc[0]
    of_all = f"of {number(whole['examples'])}"
    if not whole["changed"]:
        return f"no answer changes {of_all}: of others like these at most {percent(whole['changed_high'])} would"
    if pd.isna(whole["p"]):
        moved = f"{number(whole['moved'])} go from one wrong answer to another"
        return f"no answer breaks and none is fixed {of_all}, but {moved}"
    broken, fixed = int(whole["broken"]), int(whole["fixed"])
    breaks = "1 answer breaks" if broken == 1 else f"{number(broken)} answers break"
    counts = f"{breaks} and {number(fixed)} {'is' if fixed == 1 else 'are'} fixed {of_all}"
    if whole["p"] < audited.alpha and not whole["change_low"] <= 0 <= whole["change_high"]:
        return f"accuracy {_moves(whole.to_dict())}: {counts}"
    # Of examples in few clusters the interval may hold 0 where the test does not.
    return f"{UNSURE}: {counts} ({p_said(whole['p'])}), {_signed(whole, 'change_')}"


def _moves(row: Mapping[Any, Any]) -> str:
    verb, sign = ("falls", -1) if row["change"] < 0 else ("rises", 1)
    return f"{verb} by {_size(row, sign, ' points')}"


def _accuracy(audited: Audited) -> str:
    """The mean change of accuracy over members; of as many on both sides also how many examples are forgotten."""
    row = audited.tables["effects"].set_index("measure").loc["top1"]
    sure = not row["low"] <= 0 <= row["high"]
    known = {"change": row["change"], "change_low": row["low"], "change_high": row["high"]}
    text = f"accuracy {_moves(known)}" if sure else f"{UNSURE}: {_signed(row)}"
    if len(set(audited.comparison.members)) > 1:  # modal labels of more members are better ones
        return text
    whole = audited.tables["flips"].iloc[0]
    kinds = f"{number(whole['broken'])} examples are forgotten and {number(whole['fixed'])} learnt"
    return f"{text}; {kinds} of {number(whole['examples'])}"


def _signed(row: pd.Series, of: str = "") -> str:
    return f"{points(row['change'])} points [{points(row[f'{of}low'])}, {points(row[f'{of}high'])}]"


def _beyond_seeds(audited: Audited) -> list[str]:
    """Whether compressed models answer otherwise than dense ones, more than other seeds do."""
    p = audited.summary.loc["compressed", "pie_p"]
    if pd.isna(p):
        return []
    if p < audited.alpha:
        return [f"answers change by more than other seeds change them ({p_said(p)})"]
    return [f"the answers cannot be told from those of other seeds ({p_said(p)})"]


def _unlabelled(audited: Audited) -> list[str]:
    """How many answers change, of two models or by modal labels; which of them break is not known."""
    whole = audited.tables["flips"].iloc[0]
    rate, low, high = (percent(whole[f"changed_{part}"]) for part in ("rate", "low", "high"))
    who = "answers" if audited.comparison.single else "answers of most models"
    changed = f"{number(whole['changed'])} of {number(whole['examples'])} {who} change, {rate} [{low}, {high}]"
    return [changed, *_beyond_seeds(audited), "without labels it is not known which of them break"]
