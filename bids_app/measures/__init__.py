"""Plugs, one file each: Signals become Features."""
