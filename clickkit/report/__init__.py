"""The report: what the lake answers for a range of days, as a page."""
