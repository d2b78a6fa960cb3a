"""The pages in a real Chromium, against a whole house."""
