"""Figures for the operator."""

from prometheus_client import Counter, Gauge, Histogram

DELAY = Histogram(
    "bramble_consensus_delay_seconds",
    "From the acceptance of a submission to the consensus that counts it.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 120),
)
VERSIONS = Counter(
    "bramble_consensus_versions_total",
    "Consensus versions by what made them: vote, raters, expert.",
    ["cause"],
)
OVERLAP = Counter(
    "bramble_consensus_overlap_total",
    "Decisions of dynamic overlap: more, enough, escalate.",
    ["decision"],
)
ESTIMATE = Histogram(
    "bramble_consensus_estimate_seconds",
    "Estimating all raters of a project anew.",
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300),
)
WAITING = Gauge(
    "bramble_consensus_waiting_images", "Images with votes that their consensus doesn't count yet."
)
OLDEST = Gauge(
    "bramble_consensus_waiting_seconds",
    "For how long the oldest vote has waited for a consensus that counts it; 0: none waits.",
)
