"""The paper's tables as data, the runs that each one needs, what they cost, and our values beside the printed ones."""
