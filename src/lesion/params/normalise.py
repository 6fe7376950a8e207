"""What recall is relative to. Apart from the settings, so that the command line's help needs no pydantic."""

from typing import Literal

Normalise = Literal["population", "member"]
"""Whose accuracy recall is relative to: the population's mean (the paper), or each member's own."""
