"""The seeds of each member."""

from dataclasses import dataclass

from lesion.seeds import derive_seed


@dataclass(frozen=True)
class Seeds:
    """The seeds of one member: initial weights, order of images, augmentation, and the method's own draws."""

    initialisation: int
    order: int
    augmentation: int
    method: int

    @classmethod
    def derive(cls, root: int, study: str, population: str, member: int, *, paired: bool = False) -> "Seeds":
        """Derive the seeds by name. Members of different populations are independent draws, as in the paper.

        If `paired`, member k of every population has the seeds of dense member k, except the method's.
        """
        shared = "dense" if paired else population
        return cls(
            initialisation=derive_seed(root, study, shared, "initialisation", member),
            order=derive_seed(root, study, shared, "order", member),
            augmentation=derive_seed(root, study, shared, "augmentation", member),
            method=derive_seed(root, study, population, "method", member),
        )
