"""System checks: settings that would break a promise stop the start, with an id and a hint."""
