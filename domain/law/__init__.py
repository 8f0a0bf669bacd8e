"""The law as dated data: rules, periods, provisions."""
