"""Linear models, what is exchangeable, and permutation inference."""
