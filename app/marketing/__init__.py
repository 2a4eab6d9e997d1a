"""Marketing online (营销在线): personal codes, onboarding of guides. Called by commission and everything above."""
