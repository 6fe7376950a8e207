"""`python -m bench`: a Markdown table of all measurements."""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path


def processor() -> str:
    """The processor's name where the system tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


print(f"{os.cpu_count()} cores ({processor()}), Python {platform.python_version()}, torch {version('torch')}\n")
print("| what | measured | budget |\n| --- | --- | --- |")
sys.stdout.flush()
for part in ("audit", "files", "loading", "corruptions", "training", "methods", "pipeline"):
    # Each in a process of its own: torch in this one would count in the peak memory of every later child.
    subprocess.run([sys.executable, "-m", f"bench.{part}"], check=True)
