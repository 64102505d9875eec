"""What the first release wrote, and that release itself."""
