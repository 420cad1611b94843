"""Writes: the only place where files of the output dataset are made."""
