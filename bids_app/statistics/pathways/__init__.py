"""Declared diagrams of associations between quantities of the same participants, held against data."""
