"""Texts of a run: methods, checklist, references, claims that are checked."""
