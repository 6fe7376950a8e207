"""Image files by the million: indexing them, and the memory of training and prediction on them."""

import sys
import tempfile
from pathlib import Path

import yaml

from bench.loading import write_images
from bench.measure import ROOT, cost, row

CLASSES, EACH = 1000, {"train": 1281, "val": 50}  # as many as ImageNet has
PREPARE = """
import sys
from pathlib import Path
from lesion.data.prepare import prepare
data = {"name": "imagenet", "root": sys.argv[1]}
prepare(study="imagenet", data=data, examples=Path("examples.parquet"), images=Path("images.safetensors"))
"""


def indexing() -> None:
    """The `data` step on all of ImageNet's classes and file names, each class a link to the same empty files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, each in EACH.items():
            (folder / part).mkdir()
            (folder / f"one {part}").mkdir()
            for number in range(each):
                (folder / f"one {part}" / f"n00000000_{number:08d}.JPEG").touch()
            for wnid in range(CLASSES):
                (folder / part / f"n{wnid:08d}").symlink_to(folder / f"one {part}")
        spent = cost(sys.executable, "-c", PREPARE, str(folder), cwd=folder)
    files = CLASSES * sum(EACH.values())
    row(f"Indexing {files:,} image files, listed before", f"{spent.seconds:.1f} s, {spent.peak_mib:.0f} MiB", "500 MiB")


def streaming() -> None:
    """Peak memory of training and prediction on few image files and on eight times as many: the same, if streamed."""
    data = yaml.safe_load((ROOT / "params.yaml").read_text())
    study = data["studies"]["imagenet"]
    study["data"]["root"], study["model"]["architecture"] = "images", "mobilenet_v3_small"
    study["recipe"] |= {"epochs": 1.0, "batch": 16, "micro_batch": 16, "warmup": 0.0, "rate": 0.01, "workers": 1}
    study["evaluation"] |= {"batch": 16, "workers": 1}
    data["active"] |= {"studies": ["imagenet"], "shards": ["0-0"]}
    peaks: dict[str, list[str]] = {"train": [], "predict": []}
    for each in (4, 32):  # links a class, of four classes
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "files").mkdir()
            files = write_images(folder / "files")
            for place in range(4 * each):
                for part in ("train", "val"):
                    link = folder / "images" / part / f"n{place % 4:08d}" / f"{place}.JPEG"
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(files[place % len(files)])
            (folder / "params.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
            cost("lesion", "data", "--study", "imagenet", cwd=folder)
            for step, known in peaks.items():
                node = (step, "--study", "imagenet", "--variant", "dense", "--shard", "0-0")
                known.append(f"{4 * each} images {cost('lesion', *node, cwd=folder).peak_mib:.0f} MiB")
    for step, known in peaks.items():
        row(f"Memory of `{step}` on image files", ", ".join(known), "the same")


def main() -> None:
    """Print the rows."""
    indexing()
    streaming()


if __name__ == "__main__":
    main()
