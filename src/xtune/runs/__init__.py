"""A recipe to a run: stages, evaluation, results; resumable. Grids of runs are in `grids`."""
