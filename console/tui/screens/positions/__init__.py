"""Screen 2: accounts, positions, orders, trades."""
