"""Results of several studies brought together: effects pooled, coordinates that converge. Arrays alone."""
