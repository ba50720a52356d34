"""How the demo model is made: text → synthetic speech → telephone line → a small Whisper."""
