"""What makes two rows the same event: the time and the id, as in a store."""

import pyarrow as pa
import pyarrow.compute as pc

KEY = ["timestamp", "id"]


def keys(events: pa.Table) -> pa.ChunkedArray:
    """Return one text for each row, microseconds since 1970 and the id."""
    stamps = pc.cast(pc.cast(events["timestamp"], pa.timestamp("us", "UTC")), pa.int64())
    return pc.binary_join_element_wise(pc.cast(stamps, pa.string()), events["id"], "#")
