"""`newswire status`: whether the watch is whole, and how each of its parts stands.

Reads: the store, the bus, the status pages of a process on this machine, the configuration folder; each for a few seconds at most.
Writes: nothing.
Never: takes a lease, joins a group, migrates a store, or shows a secret.
"""
