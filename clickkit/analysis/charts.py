"""Pictures of relations: drawn here, without a network, readable on light and dark pages and in print.

Each takes a relation or a pandas frame and the names of its columns, writes its labels where they belong
instead of in a legend, and returns a `Figure`. A table without rows gives a picture that says so; a column
that does not exist, or more than 5,000 rows, raise SettingsError. `number_format` is one of Python's:
"," for counts, ".1%" for shares, "+.2f" for differences. `table` writes the rows themselves, so formatted.
"""

from clickkit.analysis.drawing.bars import bars, columns
from clickkit.analysis.drawing.distribution import distribution
from clickkit.analysis.drawing.figure import Figure
from clickkit.analysis.drawing.funnel import funnel
from clickkit.analysis.drawing.heat_map import retention
from clickkit.analysis.drawing.intervals import calibration, forest, intervals
from clickkit.analysis.drawing.lines import areas, lines
from clickkit.analysis.drawing.table import Listing, table
from clickkit.analysis.drawing.world_map import world_map

__all__ = [
    "Figure",
    "Listing",
    "areas",
    "bars",
    "calibration",
    "columns",
    "distribution",
    "forest",
    "funnel",
    "intervals",
    "lines",
    "retention",
    "table",
    "world_map",
]
