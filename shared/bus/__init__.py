"""The event bus: one port, LocalBus by default, Apache Kafka at scale."""

from shared.bus.abstract import Bus, Consumer, Message, Producer, TopicSpec

__all__ = ["Bus", "Consumer", "Message", "Producer", "TopicSpec", "create_bus"]


def create_bus(url: str, data_dir: object = None) -> Bus:
    """The bus that `url` names: empty → LocalBus in `data_dir`; `kafka://host:port[,…]` → Kafka.

    Adapters are imported here, not above, so that the embedded default needs no Kafka client.
    """
    if not url:
        from pathlib import Path

        from shared.bus.local import LocalBus

        return LocalBus(Path(str(data_dir)) / "bus.db")
    if url.startswith("kafka"):
        from shared.bus.kafka import KafkaBus

        return KafkaBus(url)
    raise ValueError(
        f"BRAMBLE_BUS_URL is {url!r}; leave it empty for the embedded bus or write kafka://host:port"
    )
