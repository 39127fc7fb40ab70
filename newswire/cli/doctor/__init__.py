"""`newswire doctor`: everything that Newswire stands on, looked at one by one; each finding with why it matters and what to do.

Reads: settings, configuration, this machine, the bus, the store, and the servers that the settings name; each for a few seconds at most.
Writes: nothing.
Never: changes anything, or sends anything that was not asked for (`--send`).
"""
