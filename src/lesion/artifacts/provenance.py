"""What every artifact says of itself: the version that made it, the study, the variant, the seeds."""

import json
from importlib.metadata import version
from typing import Any

KEY = "lesion"  # the metadata key, in Parquet and in safetensors alike


def provenance(**facts: Any) -> dict[str, str]:
    """Metadata of an artifact: `{KEY: JSON}` with the version and `facts`, keys sorted so that bytes repeat."""
    return {KEY: json.dumps({"version": version("lesion"), **facts}, sort_keys=True)}


def facts(metadata: dict[str, str] | None) -> dict[str, Any]:
    """The facts that `provenance` wrote, or none where a file does not carry any."""
    return dict(json.loads((metadata or {}).get(KEY, "{}")))
