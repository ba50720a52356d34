"""Whisper's network and its decoding, made for many windows at once.

The weights are those of an openai-whisper model, and so are the rules by which tokens are chosen:
what comes out equals ``whisper.decode``. What differs is the work: keys and values of a window are
computed once, windows that are done leave the batch, and nothing is copied or cast at every step.
"""
