"""Reading an engine's log: from its end, in blocks, through rotation; filtered, searched and counted."""
