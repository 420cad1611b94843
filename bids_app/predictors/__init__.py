"""Plugs, one file each: features and an outcome become a cross-validated score."""
