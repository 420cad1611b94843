"""Reads published studies: tables of our own, NIMADS, Sleuth, NeuroSynth and tables of foci."""
