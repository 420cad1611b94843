"""Options of the general tables of analysis.toml."""
