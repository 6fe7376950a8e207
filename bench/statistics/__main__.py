"""`python -m bench.statistics [subject …]`: one Markdown table of all cells, or of those of some subjects."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import bench.statistics
from bench.measure import row
from bench.statistics.rate import Rate


def subjects() -> list[str]:
    """The modules of this package that have cells, in alphabetical order."""
    names = sorted(module.name for module in iter_modules(bench.statistics.__path__) if module.name != "__main__")
    return [name for name in names if hasattr(import_module(f"{bench.statistics.__name__}.{name}"), "rows")]


def rows(chosen: list[str]) -> Iterator[Rate]:
    """The cells of these subjects."""
    for name in chosen:
        yield from import_module(f"{bench.statistics.__name__}.{name}").rows()


def main(chosen: list[str]) -> None:
    """Print the table, and how many cells are off."""
    print("| what | measured | should be |\n| --- | --- | --- |", flush=True)
    count = off = 0
    for cell in rows(chosen or subjects()):
        row(*cell.cells())
        count, off = count + 1, off + (not cell.kept)
    print(f"\n{count} cells, {off} off.")


if __name__ == "__main__":
    main(sys.argv[1:])
