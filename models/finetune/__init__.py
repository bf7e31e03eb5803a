"""Adapters trained on this machine, for the model that the engine runs.

It knows lessons (a prompt and its answer), not where they come from or what they teach.
"""
