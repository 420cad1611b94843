"""Kinetics of tracers: time, reference tissue models, graphical analysis. Arrays alone."""
