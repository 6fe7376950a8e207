"""Seeds by name: each use of randomness has its own stream, whatever the order of calls."""

import hashlib


def derive_seed(root: int, *names: str | int) -> int:
    """Seed in [0, 2**63) for one use of randomness, for example `derive_seed(1911, "digits", "order", 7)`.

    It is the BLAKE2b hash of the root and the names: the same on every machine, and different for each member and use.
    """
    text = "/".join(str(name) for name in (root, *names))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
