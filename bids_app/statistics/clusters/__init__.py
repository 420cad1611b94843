"""Places, their neighbours, clusters of them and TFCE."""
