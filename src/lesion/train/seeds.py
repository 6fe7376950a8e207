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
    def derive(cls, root: int, study: str, population: str, member: int, *, paired: bool = False) -> "Seeds":
        """Seeds by name: members of different populations are independent draws, as in the paper.

        Where `paired`, member k of every population has those of dense member k, but for what the method draws.
        """
        shared = "dense" if paired else population
        return cls(
            initialisation=derive_seed(root, study, shared, "initialisation", member),
            order=derive_seed(root, study, shared, "order", member),
            augmentation=derive_seed(root, study, shared, "augmentation", member),
            method=derive_seed(root, study, population, "method", member),
        )
