"""Which label a population gives where several have the most votes. Apart from the settings, as `normalise` is."""

from typing import Literal

Ties = Literal["member", "label"]
"""`member`: the one of them that the first member gives; `label`: the largest class id, the paper's rule."""
