"""What lies between the screen and the terminal: the fewest bytes, signals, how fast the line is."""
