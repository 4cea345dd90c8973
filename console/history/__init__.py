"""The black box: what the console saw, on disk, and the same screen over it afterwards."""
