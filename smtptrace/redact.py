"""Trace -> Trace without secrets; the only place that decides what is hidden."""

from __future__ import annotations
