"""Maps of regions: relabelled, imitated, and set beside references such as expression of genes. Arrays alone."""
