"""Grids of runs: ablations and sweeps."""

from __future__ import annotations
