"""What a small model is taught with: questions about passages, as the prompts that Kvasir asks.

It does not know how a model is trained.
"""
