"""Models on this machine: settings, model files, the engine, LangChain's classes over them.

It knows nothing of documents, prompts or the chat.
"""
