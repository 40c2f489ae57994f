"""The mail house: takes orders, moves their messages, and says what became of each. It knows no campaign."""
