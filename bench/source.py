"""`python -m bench.source`: how many source files there are, and how long."""

from statistics import median

from bench.measure import ROOT


def main() -> None:
    """Print the number of files of the package, their median length and the largest, in lines."""
    files = sorted((ROOT / "src" / "lesion").rglob("*.py"))
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    largest = max(lines, key=lambda path: lines[path])
    print(f"files: {len(lines)}")
    print(f"median: {median(lines.values()):g} lines")
    print(f"largest: {lines[largest]} lines, {largest.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
