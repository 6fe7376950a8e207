"""Whether the statistics of the audit keep what they promise, on simulated studies of which the truth is known."""
