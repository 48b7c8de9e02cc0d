"""What is solved: label space, head, decoding, metric, and where the data is."""
