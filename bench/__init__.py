"""Measures the register against ceilings that live in this folder, run in turns on the same machine."""
