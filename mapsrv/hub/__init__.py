"""The sessions of this process: execute, subscribe, prepare, commit, presence."""
