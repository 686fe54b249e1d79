"""The signal: everything here knows sound, nothing knows networks."""
