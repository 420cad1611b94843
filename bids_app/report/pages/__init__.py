"""The pages: of a participant, of the group, and the overview."""
