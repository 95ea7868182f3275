"""What days of a lake hold, told by digests that two machines can compare."""

import hashlib

from clickkit.lake.layout import Manifest


def day_digest(manifest: Manifest) -> str:
    """Return the SHA-256, in hex, over the SHA-256 (in hex) of a day's parts, in their order.

    The same events in the same number of parts have the same digest.
    """
    return hashlib.sha256("".join(part.sha256 for part in manifest.parts).encode()).hexdigest()
