"""A recipe to a run: stages, evaluation, results; resumable."""
