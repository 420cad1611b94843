"""A contrast by the regions of an atlas, beside what is known of them from elsewhere: what associations share."""
