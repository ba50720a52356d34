"""How the small models that VoiceGuard ships are made."""
