"""The demonstration: `clickkit demo`."""
