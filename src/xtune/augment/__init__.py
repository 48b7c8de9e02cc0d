"""The four augmentations of the paper (section 3.2), each a function from view to view."""
