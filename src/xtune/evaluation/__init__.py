"""Model × task × languages to predictions and scores; folders of predictions and labels to scores."""
