"""Recipes: what a run is, read from YAML and `key=value`, checked, and written out resolved."""
