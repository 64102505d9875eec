"""What is lost and what people notice when things fail: `python -m tests.failures` prints the table.

Real pods on a real Redis, real HTTP clients, and one fault in the middle. Each run is counted by what
the clients were told and what Redis and the pods say at the end, never by what the pods believe.
"""
