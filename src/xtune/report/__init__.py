"""What a run is shown as: reads results, never a model; works without torch."""
