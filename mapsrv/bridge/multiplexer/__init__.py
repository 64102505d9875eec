"""Between one child and those who talk to it: whose call, whose answer, whose question, whose turn."""
