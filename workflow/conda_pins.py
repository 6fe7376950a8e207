"""Print environment.yml: the pins of requirements.lock, for conda users."""

from pathlib import Path

HEADER = """\
# Written by `make lock` from requirements.lock. To use it:
#   conda env create --file environment.yml && conda activate lesion && pip install --no-deps --editable .
name: lesion
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:"""


def pins(lock: str) -> list[str]:
    """The requirements of a lock file, comments left out."""
    return [line for line in lock.splitlines() if line and not line.startswith(("#", " "))]


if __name__ == "__main__":
    print(HEADER)
    for pin in pins(Path("requirements.lock").read_text(encoding="utf-8")):
        print(f"      - '{pin.replace(chr(39), chr(34))}'")
