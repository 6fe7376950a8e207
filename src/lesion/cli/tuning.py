"""The command that searches for better options of a method."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lesion.cli.app import ENGINES, app
from lesion.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from lesion.predict.tune import Trial


@app.command(rich_help_panel=ENGINES)
def tune(
    study: Annotated[str, typer.Option(help="A study of params.yaml, e.g. digits.")],
    variant: Annotated[str, typer.Option(help="A trained variant of params.yaml, e.g. dns-80.")],
    trials: Annotated[int | None, typer.Option(help="Settings to try; else tuning.trials of params.yaml.")] = None,
    members: Annotated[int | None, typer.Option(help="Networks of each; else tuning.members.")] = None,
) -> None:
    """Search the options that `tuning` of params.yaml lists, on held-out examples of the training split."""
    from lesion.artifacts.atomic import write_text
    from lesion.artifacts.csv_tables import write_csv
    from lesion.params.document import cut, read_yaml
    from lesion.params.recipe import Evaluation, Recipe
    from lesion.params.tuning import Tuning, tuned_name
    from lesion.pipeline.artifacts import PLACES, RESULTS
    from lesion.predict.tune import tune as search

    data = read_yaml()
    told = {"trials": trials, "members": members}
    budget = cut(data, "tuning") | {key: value for key, value in told.items() if value is not None}
    settings, where = cut(data, f"studies.{study}"), f"studies.{study}"
    found = search(
        study=study, variant=variant,
        examples=Path(PLACES["examples"].format(study=study)), images=Path(PLACES["images"].format(study=study)),
        root_seed=cut(data, "root_seed"), model=settings["model"], compression=cut(data, f"variants.{variant}"),
        recipe=Recipe.read(settings["recipe"], where=f"{where}.recipe"),
        evaluation=Evaluation.read(settings["evaluation"], where=f"{where}.evaluation"),
        tuning=Tuning.read(budget, where="tuning"),
    )  # fmt: skip
    best = max(found, key=lambda trial: trial.mean)  # the first of equal ones
    if best.mean < 0:
        raise InputError(f"tune: no setting of {variant} trained all of its members")
    table = _table(found)
    folder = Path(RESULTS.format(study=study), "tuning")
    write_csv(folder / f"{variant}.csv", table)
    write_text(folder / f"{variant}.yaml", _entry(tuned_name(variant), best, found))
    print(table.sort_values("accuracy", ascending=False, kind="stable").to_string(index=False, float_format="%.4f"))
    print(f"\n{(folder / f'{variant}.yaml').read_text(encoding='utf-8')}", end="")


def _table(found: "list[Trial]") -> "pd.DataFrame":
    """A row for each trial: its number, its settings, the mean accuracy of its members and the 95 % interval."""
    import pandas as pd

    from lesion.audit.inference.intervals import mean_interval

    rows = []
    for number, trial in enumerate(found):
        low, high = mean_interval(trial.right)
        rows.append({"trial": number, **trial.settings, "accuracy": trial.right.mean(), "low": low, "high": high})
    return pd.DataFrame(rows)


def _entry(name: str, best: "Trial", found: "list[Trial]") -> str:
    """The winning entry for `variants` of params.yaml, below what it was chosen from."""
    import yaml

    said = f"best of {len(found)} trials of {len(best.right)} members each: {best.mean:.4f} right on held-out examples"
    text = yaml.safe_dump({name: best.compression}, sort_keys=False, default_flow_style=None, width=1000)
    return f"# {said}; the catalogue's own settings: {found[0].mean:.4f}\n{text}"
