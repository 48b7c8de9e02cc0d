"""From a view to token ids, which sites of two views match, and one batch of both: the bridge of text and losses."""
