"""How far a run is, from what Snakemake prints."""

import io

from lesion.pipeline.steps_left import duration, follow

RUN = """\
Building DAG of jobs...
[Wed Nov 25 18:00:00 2026]
rule train:
    output: results/digits/checkpoints/dense/0-3.safetensors
{progress}
"""
FAILED = """\
[Wed Nov 25 18:00:00 2026]
Error in rule train:
    jobid: 3
lesion: digits, dense, member 4: the loss is nan
"""


def shown(text: str, *, terminal: bool = False) -> str:
    out = io.StringIO()
    follow(io.StringIO(text), out, terminal=terminal)
    return out.getvalue()


def test_steps_are_told_at_each_tenth_of_the_way_and_nothing_else() -> None:
    progress = "\n".join(f"{done} of 40 steps ({100 * done // 40}%) done" for done in range(1, 41))
    lines = shown(RUN.format(progress=progress)).splitlines()
    assert [line.split(",")[0] for line in lines] == [f"{done} of 40 steps" for done in range(4, 41, 4)]
    assert all("left" in line for line in lines[:-1])
    assert lines[-1] == "40 of 40 steps"


def test_a_terminal_has_one_line_that_changes() -> None:
    progress = "\n".join(f"{done} of 3 steps (9%) done" for done in (1, 2, 3))
    text = shown(RUN.format(progress=progress), terminal=True)
    assert text.count("\n") == 1
    assert text.split("\r")[-1].strip() == "3 of 3 steps"


def test_an_error_is_shown_whole_and_ends_with_the_next_step() -> None:
    text = shown(RUN.format(progress="1 of 9 steps (1%) done") + FAILED + RUN.format(progress="5 of 9 steps (1%) done"))
    assert "Error in rule train:" in text
    assert "the loss is nan" in text
    assert text.splitlines()[-1].startswith("5 of 9 steps")


def test_nothing_to_do_is_said() -> None:
    assert "Nothing to be done" in shown("Nothing to be done (all requested files are present and up to date).\n")


def test_durations() -> None:
    assert [duration(seconds) for seconds in (3.2, 89, 95, 3600)] == ["3 s", "89 s", "2 min", "60 min"]
