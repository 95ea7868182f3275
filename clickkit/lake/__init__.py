"""Parquet files, partitioned by year, month and day."""
