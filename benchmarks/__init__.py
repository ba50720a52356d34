"""What VoiceGuard is measured by; figures go to docs/figures.md and docs/performance.md."""
