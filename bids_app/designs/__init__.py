"""Plugs, one file each: participants become a Design."""
