"""Make details of lighteval with its own documents, metrics and tracker: `python -m` this module, with a folder.

Its pipeline would download data sets, so the documents are those of `make_logs`, and the answers of two models are made
here; what the package does with them, to the Parquet file, is its own. The details beside this file are of release
0.13.0, made with xxhash 3: this release hashes text, which xxhash 4 does not.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from tests.audit.comparison.files.benchmarks.make_logs import MODELS, chance
from tests.audit.comparison.files.benchmarks.make_logs import documents as made

READING, SUMS = "custom|reading:sums|0", "custom|mini_sums|0"


def run(folder: Path) -> None:
    """Write `folder/<model>/reading.parquet` and `sums.parquet`."""
    from lighteval.logging.evaluation_tracker import EvaluationTracker
    from lighteval.metrics.metrics import Metrics
    from lighteval.models.abstract_model import ModelConfig
    from lighteval.models.model_output import ModelResponse
    from lighteval.tasks.requests import Doc

    def graded(metric: Any, doc: Any, said: Any) -> dict[str, Any]:
        return dict(metric.value.compute_sample(doc=doc, model_response=said))

    for name, noise in MODELS.items():
        tracker = EvaluationTracker(output_dir=str(folder / "out"), save_details=True)
        tracker.general_config_logger.log_args_info(num_fewshot_seeds=0, max_samples=None, job_id="")
        tracker.general_config_logger.log_model_info(ModelConfig(model_name=name))
        for place, each in enumerate(made()):
            doc = Doc(each["question"], [f" {one}" for one in each["choices"]], each["answer"], id=str(place))
            scores = [
                -1.0 - 3 * noise * chance(noise, place, one) - (one != each["solution"]) for one in each["choices"]
            ]
            said = ModelResponse(logprobs=scores, argmax_logits_eq_gold=[False] * len(scores), output_tokens=[[1]] * 4)
            tracker.details_logger.log(READING, doc, said, graded(Metrics.loglikelihood_acc, doc, said))
            answer = each["solution"] if chance(noise, place) > 0.2 * noise else "0"
            doc, said = Doc(each["question"], [each["solution"]], 0, id=str(place)), ModelResponse(text=[answer])
            tracker.details_logger.log(SUMS, doc, said, graded(Metrics.exact_match, doc, said))
        tracker.save()
        written = list((folder / "out").rglob("details_*.parquet"))
        assert len(written) == 2
        (folder / name).mkdir(parents=True)
        for path in written:
            shutil.move(path, folder / name / f"{'reading' if 'reading' in path.name else 'sums'}.parquet")


if __name__ == "__main__":
    run(Path(sys.argv[1]))
