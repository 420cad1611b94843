"""What a trial says of people outside the scanner: numbers of persons, not of voxels."""
