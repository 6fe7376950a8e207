"""The examples of docs/ADD_A_STATISTIC.md, as they stand there."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STATISTIC, TEST = "src/lesion/audit/statistics/brier_score.py", "tests/audit/statistics/test_brier_score.py"
BLOCK = re.compile(r"```(?:python|rst)\n(?:#|\.\.) (\S+\.\w+)(?:, at the end of (\w+))?\n(.*?)```", flags=re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code: the whole file, or lines at the end of the mapping `within`."""

    path: str
    within: str
    text: str

    def write(self, folder: Path) -> None:
        """Do in a folder of the project what the page says."""
        path, text = folder / self.path, self.text
        if self.within:
            before, opening, rest = path.read_text(encoding="utf-8").partition(f"\n{self.within}")
            assert opening
            inside, end, after = rest.partition("\n}")
            text = f"{before}{opening}{inside}\n{text.rstrip()}{end}{after}"
        path.write_text(text, encoding="utf-8")


BLOCKS = [Block(*found) for found in BLOCK.findall((ROOT / "docs" / "ADD_A_STATISTIC.md").read_text(encoding="utf-8"))]
BY_PATH = {block.path: block for block in BLOCKS}
OF_NODE = [block for block in BLOCKS if block.path not in (STATISTIC, TEST)]
