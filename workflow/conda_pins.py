"""Print environment.yml: pins, read from standard input, for conda users."""

import sys

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

if __name__ == "__main__":
    print(HEADER)
    for pin in sys.stdin.read().splitlines():
        print(f"      - '{pin.replace(chr(39), chr(34))}'")
