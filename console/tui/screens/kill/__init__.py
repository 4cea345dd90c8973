"""The kill switch, above everything."""
