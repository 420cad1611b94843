"""Pure arrays: correlation, linear models, relabelling, permutation, clusters, effect sizes."""
