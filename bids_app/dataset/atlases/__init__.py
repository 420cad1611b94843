"""Atlases, seeds and references: from words and files to regions."""
