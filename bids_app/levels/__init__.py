"""One job of each level, told from input to files."""
