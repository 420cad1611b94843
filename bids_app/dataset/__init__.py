"""Reads: layouts, derivatives, tables, atlases, volumes."""
