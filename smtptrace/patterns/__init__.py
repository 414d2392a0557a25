"""Judgements over many sessions, each a fold over session rows in time order."""
