"""Seeds by name, so that no two uses of randomness share a stream and none depends on the order of calls."""

import hashlib


def derive_seed(root: int, *names: str | int) -> int:
    """Seed in [0, 2**63) for the use of randomness that `names` spell, e.g. `(1911, "digits", "order", 7)`.

    BLAKE2b of the names, so the seeds of members and purposes are independent of each other and of the machine.
    """
    text = "/".join(str(name) for name in (root, *names))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
