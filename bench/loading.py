"""Images in files: reading and preprocessing them on one core, beside plain torchvision."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from bench.measure import row

FILES, WIDTH, HEIGHT, ROUNDS = 200, 500, 375, 3  # ImageNet's common size


def write_images(folder: Path) -> list[Path]:
    """JPEG files of smooth noise with some grain, about 70 kB each."""
    draws, paths = np.random.default_rng(0), []
    for number in range(FILES):
        coarse = Image.fromarray(draws.integers(0, 256, (HEIGHT // 12, WIDTH // 12, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
        grained = np.clip(smooth + draws.normal(0, 6, (HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8)
        paths.append(folder / f"{number}.jpg")
        Image.fromarray(grained).save(paths[-1], quality=90)
    return paths


def fastest(*works: Callable[[], object]) -> list[float]:
    """Seconds of each, the least of some rounds in which they take turns."""
    spent = np.empty((ROUNDS, len(works)))
    for turn in range(ROUNDS):
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            spent[turn, place] = time.perf_counter() - start
    return [float(least) for least in spent.min(axis=0)]


def main() -> None:
    """Print the rows: from files to what a network is fed, ours and torchvision's, batches of 50."""
    import torch
    from torchvision import transforms

    from lesion.data.dataset import Geometry
    from lesion.data.imagenet_facts import MEAN, STD
    from lesion.data.images import FileImages
    from lesion.data.split import Normalise
    from lesion.params.augmentation import Augmentation

    torch.set_num_threads(1)
    end = [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    evaluation = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), *end])
    training = transforms.Compose([transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), *end])
    normalise = Normalise(torch.tensor(MEAN), torch.tensor(STD))
    augmentation = Augmentation(shift=0, mirror=True, smallest_area=0.08)
    batches = np.arange(FILES).reshape(-1, 50)
    with tempfile.TemporaryDirectory() as name:
        paths = write_images(Path(name))
        images = FileImages(Path(name), pa.array([path.name for path in paths]), Geometry(resize=256, side=224))

        def plain(shown: transforms.Compose) -> None:
            for rows in batches:
                torch.stack([shown(Image.open(paths[place]).convert("RGB")) for place in rows])

        def read() -> None:
            for rows in batches:
                normalise(torch.from_numpy(images.read(rows)))

        def augmented() -> None:
            for rows in batches:
                normalise(torch.from_numpy(images.augmented(rows, augmentation, 0)))

        seconds = fastest(read, lambda: plain(evaluation), augmented, lambda: plain(training))
    shown, plain_shown, varied, plain_varied = (FILES / spent for spent in seconds)
    for what, ours, theirs in (("evaluation", shown, plain_shown), ("training", varied, plain_varied)):
        value = f"{ours:.0f} images/s, torchvision {theirs:.0f}: {ours / theirs:.2f} times as fast"
        row(f"Image files for {what}, {WIDTH} × {HEIGHT}, one core", value, "torchvision")


if __name__ == "__main__":
    main()
