"""The health of sources and ways out: proofs, unlikely silence, and notifications.

pollers, delivery workers, probes ─► board ─► table `sources` ─► status, metrics, /health, mails to the admins

inbox ─► arrivals (mails an hour) ─► silence

gauges ─► Prometheus (ops.metrics)
"""
