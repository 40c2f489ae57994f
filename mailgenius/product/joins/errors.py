"""What can go wrong with merges of leads: nothing beyond the errors of leads."""
