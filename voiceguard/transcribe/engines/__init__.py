"""Engines behind the Transcriber seam; each is imported only when it is used."""
