"""The seeds of each member."""

from dataclasses import dataclass

from lesion.seeds import derive_seed


@dataclass(frozen=True)
class Seeds:
    """The seeds of one member, one for each use of randomness."""

    initialisation: int
    order: int
    augmentation: int
    method: int

    @classmethod
    def derive(cls, root: int, study: str, population: str, member: int) -> "Seeds":
        """Seeds by name: members of different populations are independent draws, as in the paper."""
        return cls(*(derive_seed(root, study, population, purpose, member) for purpose in cls.__annotations__))
