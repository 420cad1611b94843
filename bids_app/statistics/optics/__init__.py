"""Arithmetic of near-infrared spectroscopy on arrays: linear models of its series, and coherence of two brains."""
