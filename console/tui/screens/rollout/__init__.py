"""Screen 3, and the change of a stage that is made from there."""
