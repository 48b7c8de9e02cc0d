"""The parts of a report's page, each a function from what it shows to HTML; every text passes `html.text`."""
