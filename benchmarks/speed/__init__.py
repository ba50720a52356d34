"""Parts of ``benchmarks.asr``: how fast, how right and at what cost calls are written down."""
