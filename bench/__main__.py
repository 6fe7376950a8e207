"""`python -m bench`: a Markdown table of all measurements."""

import os
import platform
from importlib.metadata import version  # torch itself would count in the peak memory of every child
from pathlib import Path

from bench import audit, corruptions, loading, pipeline


def processor() -> str:
    """The processor's name where the system tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


print(f"{os.cpu_count()} cores ({processor()}), Python {platform.python_version()}, torch {version('torch')}\n")
print("| what | measured | budget |\n| --- | --- | --- |")
audit.main()
loading.main()
corruptions.main()
pipeline.main()
