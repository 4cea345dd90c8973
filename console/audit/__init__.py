"""The journal: who did what, when and why, in lines that can't be changed unseen. Append, verify, export.

Standard library only: the kill switch writes its record before any driver is imported.
"""
