"""Where things are and what is secret, from the environment."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the environment decides, checked. Build it once, in `newswire.cli`."""

    config: Path | None = None  # NEWSWIRE_CONFIG; None: ./config, then the shipped copy
    data: Path = Path("var")  # NEWSWIRE_DATA
    bus: str = "embedded"  # NEWSWIRE_BUS
    store: str | None = None  # NEWSWIRE_STORE; None: sqlite under the data folder
    topic_prefix: str = ""  # NEWSWIRE_TOPIC_PREFIX
    slack_token: SecretStr | None = None  # NEWSWIRE_SLACK_TOKEN
    slack_url: str = "https://slack.com/api/"  # NEWSWIRE_SLACK_URL
    http_host: str = "127.0.0.1"  # NEWSWIRE_HTTP_ADDRESS
    http_port: int = 9464
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()  # NEWSWIRE_ALLOW_NETWORKS
    allow_ports: frozenset[int] = field(default_factory=frozenset)  # NEWSWIRE_ALLOW_PORTS
    poll_floor_s: float = 120.0  # NEWSWIRE_POLL_FLOOR
    host_spacing_s: float = 2.0  # NEWSWIRE_HOST_SPACING
    contact: str = ""  # NEWSWIRE_CONTACT, in the User-Agent
    kafka: dict[str, str] = field(default_factory=dict)  # NEWSWIRE_KAFKA_…, names in lower case

    @property
    def store_url(self) -> str:
        """The store's SQLAlchemy URL."""
        return self.store or f"sqlite:///{self.data / 'newswire.sqlite3'}"
