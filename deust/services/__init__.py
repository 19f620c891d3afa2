"""Acts: check the state, apply the rule, change the tables, write the audit line."""
