"""Reports of what does not exist are empty; there are no errors of their own."""
