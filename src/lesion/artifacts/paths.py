"""Places outside the project that params.yaml or the environment names."""

import os
from pathlib import Path


def named(text: str) -> Path:
    """A path as it is written, environment variables and ~ looked up."""
    return Path(os.path.expandvars(text)).expanduser()
