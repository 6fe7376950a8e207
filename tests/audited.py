"""The audit of one candidate, from files to the folder."""

from pathlib import Path
from typing import Any

from lesion.audit.contract import AuditedCandidates
from lesion.views.page.audit import audit


def audit_pair(*, dense: Path, compressed: Path, **known: Any) -> AuditedCandidates:
    """`audit` of a single candidate, which is called compressed."""
    return audit(dense=dense, compressed={"compressed": compressed}, **known)
