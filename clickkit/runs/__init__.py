"""Runs of notebooks that are tied to the bytes behind them, and can be checked."""
