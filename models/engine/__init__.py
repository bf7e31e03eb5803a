"""One model run by llama.cpp: text in, tokens out, for any number of callers."""
