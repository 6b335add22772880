"""What the tests share: sites and who serves them, forged tokens, expectations."""
