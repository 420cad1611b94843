"""Prediction of one person from others: everything that learns does so inside the folds."""
