"""Other pods, and a store that is away: kept in step, gone on without, brought back."""
