"""Pure arrays: confounds, censoring, projection, smoothing, regions."""
