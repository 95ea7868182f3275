"""Benchmarks: ratios against other ways of doing the same work, from one run on one machine."""
