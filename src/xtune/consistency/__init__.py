"""Logits to named losses: task loss, example consistency R1, model consistency R2. Knows nothing of text."""
