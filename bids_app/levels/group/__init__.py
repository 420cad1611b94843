"""One task in one space: what is read, the model of each contrast, and all that stands beside it."""
