"""Whether each way in and out works: what was last seen of it, whether its silence is unlikely, who is told.

    pollers, couriers, probes ─► board ─► table `sources` ─► status, metrics, /health, mails to the admins
    inbox ─► arrivals (mails an hour) ─► silence
    gauges ─► Prometheus (ops.metrics)
"""
