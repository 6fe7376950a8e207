"""Artifacts that other versions or another device made, and image files that changed since they were recorded."""

import os
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lesion.artifacts import arrays, tables
from lesion.artifacts.provenance import DEVICE, cpu, facts, installed, made_by
from lesion.errors import InputError

NO_MAKER = ""


def status(results: Path) -> Iterator[str]:
    """Lines that say which artifacts under `results` were made by other versions, or on another kind of device.

    Libraries that are not installed here are passed over, since they make nothing here. Recorded image files are
    compared with their record, as the steps do that read them. Tables in CSV have no metadata and are left out.
    """
    counts: Counter[tuple[str, str, str]] = Counter()  # artifacts by study, library or device, version
    folders: list[tuple[str, Path, dict[str, Any]]] = []
    total = 0
    told = False
    for study, path in _artifacts(results):
        total += 1
        try:
            metadata = tables.read_metadata(path) if path.suffix == ".parquet" else arrays.read_metadata(path)
        except InputError as error:
            yield str(error)
            told = True
            continue
        counts.update((study, *made) for made in (made_by(metadata) or {NO_MAKER: ""}).items())
        if "root" in facts(metadata):
            folders.append((study, path, facts(metadata)))
    lines = [*_others(counts), *_changed(folders)]
    yield from lines
    if not (lines or told):
        yield f"{_artifacts_of(total)} under {results}, made by what is installed here"


def _artifacts(results: Path) -> Iterator[tuple[str, Path]]:
    """The study and path of each artifact with metadata, in order of path; hidden files are left out."""
    for folder, inner, files in os.walk(results):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix in (".parquet", ".safetensors") and not name.startswith("."):
                yield path.relative_to(results).parts[0], path


def _others(counts: Counter[tuple[str, str, str]]) -> Iterator[str]:
    devices = _devices() if any(library == DEVICE for _, library, _ in counts) else set()
    for (study, library, made), count in sorted(counts.items()):
        artifacts = f"{_artifacts_of(count)} of {study}"
        was = "was" if count == 1 else "were"
        if library == NO_MAKER:
            yield f"{artifacts}: what made {'it' if count == 1 else 'them'} is not told"
        elif library == DEVICE:
            if devices and made not in devices:
                yield f"{artifacts} {was} made on {made}; here is {' and '.join(sorted(devices))}"
        elif installed(library) not in (made, None):
            yield f"{artifacts} {was} made by {library} {made}; installed is {installed(library)}"


def _artifacts_of(count: int) -> str:
    return f"{count} artifact{'' if count == 1 else 's'}"


def _devices() -> set[str]:
    """The processor and GPUs of this machine, named as artifacts name them; none where torch is not installed."""
    if find_spec("torch") is None:
        return set()
    import torch

    return {cpu(torch)} | {torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())}


def _changed(folders: list[tuple[str, Path, dict[str, Any]]]) -> Iterator[str]:
    """A line for each study with image files that were changed or removed, or cannot be read."""
    if not folders:
        return
    import pyarrow as pa

    from lesion.data.images import FileImages

    for study, path, known in folders:
        try:
            recorded, _ = arrays.read_arrays(path)
            if "files" in known:
                files = pa.array(known["files"], pa.string())
            else:
                examples = path.with_name("examples.parquet")
                files = tables.read_parquet(examples, tables.EXAMPLES, ["source"]).column("source").combine_chunks()
            FileImages.described(path, known, recorded, files)
        except InputError as error:
            yield f"{study}: {error}"
