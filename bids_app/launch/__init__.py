"""Builds command lines and files for others to run; no science here."""
