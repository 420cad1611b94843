"""The people of a trial: arms, strata, losses, and the questions that can be put to their maps."""
