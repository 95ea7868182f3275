"""Relation in, relation out; `charts` draws."""
