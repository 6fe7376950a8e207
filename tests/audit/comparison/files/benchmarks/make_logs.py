"""Make logs of lm-evaluation-harness with the package itself: `python -m` this module, with a folder.

Three tasks on documents that are made here, two models that need no weights: the second knows the sums less well. The
package reads its data sets from files, so nothing is downloaded. The logs beside this file are of release 0.4.13.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

MODELS = {"fp16": 0.5, "int4": 1.4}
"""Name → how much noise is in its log probabilities."""

READING = """task: mini_reading
output_type: multiple_choice
doc_to_text: "{{passage}}\\nQuestion: {{question}}\\nAnswer:"
doc_to_choice: choices
doc_to_target: answer
metric_list: [{metric: acc}, {metric: acc_norm}]
"""

BOOLEAN = """task: mini_boolean
output_type: multiple_choice
doc_to_text: "{{question}} Is it {{shown}}?\\nAnswer:"
doc_to_choice: ["no", "yes"]
doc_to_target: "{{verdict}}"
metric_list: [{metric: acc}]
"""

SUMS = """task: mini_sums
output_type: generate_until
doc_to_text: "{{question}}\\nAnswer:"
doc_to_target: "{{solution}}"
generation_kwargs: {until: ["\\n"]}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
filter_list:
  - name: strict-match
    filter: [{function: regex, regex_pattern: "#### ([0-9]+)"}, {function: take_first}]
  - name: flexible-extract
    filter: [{function: regex, group_select: -1, regex_pattern: "([0-9]+)"}, {function: take_first}]
"""


def chance(*parts: object) -> float:
    """A number in [0, 1) that hangs on nothing but the parts."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:12], 16) / 16**12


def documents() -> list[dict[str, Any]]:
    """Sums, three about each passage."""
    made = []
    for place in range(24):
        a, b = place // 3 + 2, place % 3 + 1
        choices = [str(a + b + step) for step in (0, 1, 2, -1)][: 3 + place % 2]
        turn = place % len(choices)
        shown = a + b + (place % 2)
        made.append(
            {
                "passage": f"Ann has {a} apples, and Ben has none of them; in the evening she buys a few.",
                "question": f"What is {a} plus {b}?",
                "choices": choices[turn:] + choices[:turn],
                "answer": (len(choices) - turn) % len(choices),
                "subject": ("small sums", "large sums")[place >= 12],
                "shown": shown,
                "verdict": "yes" if shown == a + b else "no",
                "solution": str(a + b),
            }
        )
    return made


def write_tasks(folder: Path) -> None:
    """The documents, and a task of each kind."""
    folder.mkdir()
    data = folder / "documents.json"
    data.write_text("\n".join(map(json.dumps, documents())))
    for text in (READING, BOOLEAN, SUMS):
        name = text.split()[1]
        where = f"dataset_path: json\ndataset_kwargs: {{data_files: {{test: {data.resolve()}}}}}\ntest_split: test\n"
        (folder / f"{name}.yaml").write_text(text + where)


def run(folder: Path) -> None:
    """Write `folder/<model>/samples_*.jsonl`, and what the package computes of them: `folder/results.json`."""
    os.environ |= {"HF_HOME": str(folder / "cache"), "HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    class Sums(LM):  # type: ignore[misc]
        """Knows what the sum in a question is, more or less."""

        def __init__(self, noise: float) -> None:
            super().__init__()
            self.noise = noise

        def right(self, context: str) -> list[str]:
            a, b = (int(word) for word in context.rsplit("What is ", 1)[1].split("?")[0].split(" plus "))
            shown = context.rsplit("Is it ", 1)[1].split("?")[0] if "Is it " in context else None
            return [str(a + b)] if shown is None else ["yes" if shown == str(a + b) else "no"]

        def loglikelihood(self, requests: Any) -> Any:
            found = []
            for context, said in (request.args for request in requests):
                good = said.strip() in self.right(context)
                found.append((-1.0 - 3 * self.noise * chance(self.noise, context, said) - (not good), bool(good)))
            return found

        def generate_until(self, requests: Any) -> Any:
            found = []
            for context, _ in (request.args for request in requests):
                luck, [value] = chance(self.noise, context), self.right(context)
                value = value if luck > 0.2 * self.noise else str(int(value) + 1)
                found.append(f"It is {value}" if luck > 0.8 else f"So it is #### {value}")
            return found

        def loglikelihood_rolling(self, requests: Any) -> Any:
            return [-1.0 for _ in requests]

    write_tasks(folder / "tasks")
    names = ["mini_reading", "mini_boolean", "mini_sums"]
    computed = {}
    for name, noise in MODELS.items():
        manager = TaskManager(include_path=str(folder / "tasks"), include_defaults=False)
        results = simple_evaluate(Sums(noise), tasks=names, task_manager=manager, log_samples=True, bootstrap_iters=0)
        tracker = EvaluationTracker(output_path=str(folder))
        tracker.general_config_tracker.model_name_sanitized = name
        samples, computed[name] = results.pop("samples"), results["results"]
        tracker.save_results_aggregated(results=results, samples=samples)
        for task, lines in samples.items():
            tracker.save_results_samples(task_name=task, samples=lines)
    (folder / "results.json").write_text(json.dumps(computed, indent=1) + "\n")


if __name__ == "__main__":
    run(Path(sys.argv[1]))
