"""Apache Kafka in KRaft mode: broker and controller in one process, jars from Maven Central."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.servers.base import Server, ServerError, docker_works, free_port, is_open, run, tools_dir

VERSION = "4.4.0"
IMAGE = f"apache/kafka:{VERSION}"
CLUSTER_ID = "QnJhbWJsZVRlc3RLYWZrYQ"  # 16 bytes as 22 base64url characters, as the storage tool wants it
SASL_USER, SASL_PASSWORD = "bramble", "bramble-test"  # of the second, authenticated listener

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bramble.tests</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""

# One replica of everything, few internal partitions, and no wait before the first rebalance: a test's broker,
# not a template for production. SASL is a second listener, so that the adapter's authenticated path meets a
# real broker too.
PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{sasl}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=\\
 org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
log.dirs={data}
num.partitions=3
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
"""
# A broker tells its clients where to go on, so those that come through a proxy need a listener that tells them the proxy's port.
ROUTED = """
listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller},ROUTED://127.0.0.1:{routed}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{sasl},ROUTED://127.0.0.1:{proxy}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT,ROUTED:PLAINTEXT
"""


class KafkaServer(Server):
    """`url()` is `host:port` of the plain listener; `sasl_address()` that of the authenticated one."""

    name = "kafka"
    variable = "BRAMBLE_TEST_KAFKA"

    def __init__(self) -> None:
        super().__init__()
        self.port, self.sasl_port, self.controller_port = free_port(), free_port(), free_port()
        self.routed_port = free_port()
        self.proxy_port: int | None = None
        self.home = tools_dir() / f"kafka-{VERSION}"
        self.in_docker = False

    def install(self) -> None:
        if list(self.home.glob("libs/kafka_2.13-*.jar")):
            return
        if shutil.which("java") is None or shutil.which("mvn") is None:
            if docker_works():
                self.in_docker = True
                return
            raise ServerError(
                "Kafka needs Java 17+ and Maven (`apt install default-jdk-headless maven`) or a running Docker; "
                f"or give a broker's address as {self.variable}=host:port"
            )
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "pom.xml").write_text(POM)
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
        partial = self.home / "partial"
        run(
            [
                "mvn",
                "-q",
                "-B",
                "-f",
                self.home / "pom.xml",
                goal,
                f"-DoutputDirectory={partial}",
                "-DincludeScope=runtime",
            ]
        )
        partial.rename(self.home / "libs")

    def _java(self) -> list[str]:
        memory = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return [
            "java",
            *memory,
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            f"{self.home}/libs/*",
        ]

    def prepare(self) -> None:
        if self.in_docker:
            return
        config, data = self.folder / "server.properties", self.folder / "data"
        config.write_text(self.properties())
        if not (data / "meta.properties").exists():
            tool = [*self._java(), "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", config]
            run([*tool, *self.format_options()])

    def properties(self) -> str:
        """The broker's settings; a later line wins."""
        text = PROPERTIES + (ROUTED if self.proxy_port is not None else "")
        return text.format(
            port=self.port,
            sasl=self.sasl_port,
            controller=self.controller_port,
            routed=self.routed_port,
            proxy=self.proxy_port,
            data=self.folder / "data",
            user=SASL_USER,
            password=SASL_PASSWORD,
        )

    def format_options(self) -> list[str]:
        """More for the tool that formats the log's folder."""
        return []

    def command(self) -> Sequence[str | Path]:
        if self.in_docker:
            environment = {
                "KAFKA_NODE_ID": "1",
                "KAFKA_PROCESS_ROLES": "broker,controller",
                "KAFKA_LISTENERS": f"PLAINTEXT://:{self.port},CONTROLLER://:{self.controller_port}",
                "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{self.port}",
                "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{self.controller_port}",
                "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
                "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
                "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
                "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
                "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            }
            flags = [part for key, value in environment.items() for part in ("-e", f"{key}={value}")]
            return ["docker", "run", "--rm", "--network=host", *flags, IMAGE]
        return [*self._java(), "kafka.Kafka", self.folder / "server.properties"]

    def is_ready(self) -> bool:
        return is_open(self.port)

    def url(self) -> str:
        return f"127.0.0.1:{self.port}"

    def routed(self, proxy: Callable[[int], int]) -> str:
        """`host:port` for clients that come through a proxy; `proxy` is asked with the port to which it leads, and answers its own. To be
        called before the broker starts; raises ServerError where it is somebody else's or in Docker."""
        if self.external or self.in_docker:
            raise ServerError("only a broker that this suite starts itself can be reached through a proxy")
        self.proxy_port = proxy(self.routed_port)
        return f"127.0.0.1:{self.proxy_port}"

    def sasl_address(self) -> str | None:
        """`user:password@host:port` of the SASL listener; None where the broker came from outside or from
        Docker."""
        return (
            None
            if self.external or self.in_docker
            else f"{SASL_USER}:{SASL_PASSWORD}@127.0.0.1:{self.sasl_port}"
        )
