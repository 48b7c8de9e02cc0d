"""Model × task × languages to predictions and scores."""
