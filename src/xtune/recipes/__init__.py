"""Recipes that come with xtune, one YAML file each."""
