"""One stage of training: the only place that knows `transformers.Trainer`."""
