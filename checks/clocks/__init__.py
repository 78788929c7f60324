"""Legal clocks: when a notice is due, from rules that are data. Counsel's room: every rule names its source."""
