"""Graphs of regions: the strongest connections of a matrix, and what their arrangement is like. Arrays alone."""
