"""The commands of `clickkit`, by what they are about."""
