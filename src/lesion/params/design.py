"""How dense and compressed members relate."""

from typing import Literal

Design = Literal["auto", "independent", "paired"]
"""`auto`: paired where members share their seeds or a parent; `independent`: Welch's test whatever they share, as in
the paper; `paired`: member k of both belong together."""
