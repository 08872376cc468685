"""All settings, read from the environment (`BRAMBLE_*`) or files (`BRAMBLE_*_FILE` for secrets). Documented in docs/settings.md,
which a test compares with this module."""

from __future__ import annotations

import os
import secrets
from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.keys import Keys

SERVICES = ("gateway", "images", "annotations", "inference", "consensus", "synthesis")


class Settings(BaseSettings):
    """One process's settings. Every field has a default that suits `bramble up` on a plain machine."""

    model_config = SettingsConfigDict(env_prefix="BRAMBLE_", extra="ignore")

    host: str = Field("127.0.0.1", description="Address that the HTTP server listens on.")
    port: int = Field(8080, description="Port of the HTTP server.")
    data_dir: Path = Field(
        Path("data"), description="Folder of the embedded database, bus, blobs and secrets."
    )
    database_url: str = Field(
        "",
        description="SQLAlchemy URL; `{service}` is replaced by the service's name. Empty: one SQLite file a service in the data folder.",
    )
    bus_url: str = Field(
        "",
        description="`kafka://host:port[,host:port]?partitions=3&replication=3`; empty: LocalBus in the data folder. `partitions` is what "
        "topics are created with, and bounds how many pods of a service read at once.",
    )
    blob_url: str = Field(
        "", description="`s3://KEY:SECRET@host:port/bucket?secure=false`; empty: files in the data folder."
    )
    inference_url: str = Field(
        "", description="`grpc://host:port` of Triton; empty: ONNX Runtime in process."
    )
    drupelet_version: str = Field(
        "",
        description="Version of the shipped segmenter; empty: the newest. An earlier one rolls back to it.",
    )
    drupelet_canary: str = Field(
        "",
        description="Another version of it that a share of the people work with, to be compared before all do; empty: none. See "
        "docs/operators.md.",
    )
    drupelet_canary_share: float = Field(
        0.1, ge=0, le=1, description="The share of the people who work with that version."
    )
    jobs: str = Field(
        "local",
        description="`local` worker processes, `external` (a worker Deployment), or `kubernetes` Jobs.",
    )
    internal_secret: str = Field(
        "",
        description="Signs the principal between gateway and services, or the ring that `bramble admin rotate-keys --print` prints. "
        "Empty: made once in the data folder.",
    )
    internal_secret_file: Path | None = Field(
        None, description="File that holds the internal secret; read again when it changes."
    )
    pseudonym_secret: str = Field(
        "",
        description="Keys the pseudonyms in DICOM files. Must never change: later parts of a study would get others. Empty: the "
        "installation's first internal secret, which rotations keep for this.",
    )
    pseudonym_secret_file: Path | None = Field(None, description="File that holds the secret of pseudonyms.")
    public_url: str = Field(
        "", description="Address under which browsers reach the gateway; sets Secure cookies when https."
    )
    forwarded_allow_ips: str = Field(
        "127.0.0.1",
        description="Proxies by address or network, comma-separated (`*`: any), whose `X-Forwarded-For` and `X-Forwarded-Proto` are "
        "believed when the public URL is set. Name the ingress here, or all clients behind it share one rate limit.",
    )
    services_urls: dict[str, str] = Field(
        default_factory=dict,
        description='JSON: service → base URL, for the distributed form, e.g. {"images": "http://images:8080"}.',
    )
    web_dist: Path | None = Field(
        None, description="Folder of the built web client; default: services/web/dist."
    )
    log_level: str = Field("INFO", description="Level of the JSON logs.")
    log_format: str = Field("json", description="`json` or `text`.")
    max_upload_mb: int = Field(2048, description="Largest request body of an upload, in MB.")
    max_file_mb: int = Field(512, description="Largest single file after unpacking, in MB.")
    max_pixels: int = Field(100_000_000, description="Largest frame, in pixels, that is decoded.")
    demo: bool = Field(False, description="Load the demo project and accounts at start.")
    otlp_endpoint: str = Field("", description="OTLP/HTTP endpoint for traces; empty: none are exported.")
    rate_limits: bool = Field(
        True, description="Limit logins, sign-ups and requests by client. Load tests turn it off."
    )
    webhooks_private: bool = Field(
        False, description="Let webhooks call http and private addresses (a trusted network, tests)."
    )
    job_lease_s: float = Field(
        30.0, description="A job whose worker gave no heart-beat for this long is taken over."
    )
    sd_path: Path | None = Field(
        None,
        description="Folder of a Stable Diffusion (vae, unet, text_encoder, tokenizer, scheduler, perhaps controlnet, as diffusers writes "
        "them, safetensors) for the worker's generator backend `controlnet`.",
    )
    train_processes: int = Field(
        0,
        ge=0,
        le=64,
        description="Processes that train a generator together; 0: one a GPU, one where there is none.",
    )
    project_models: bool = Field(
        False,
        description="Train a project's own segmenter by itself: from 10, 30 and 100 consensus images on, then each time that they grew by "
        "half. Off: only where a lab starts a job of kind `segmenter`.",
    )
    lease_sweep_s: float = Field(5.0, description="How often expired task leases are swept.")

    def database_url_for(self, service: str) -> str:
        """The SQLAlchemy URL of one service."""
        if self.database_url:
            return self.database_url.replace("{service}", service)
        return f"sqlite:///{(self.data_dir / 'db' / f'{service}.db').absolute()}"

    @property
    def secret(self) -> bytes:
        """The internal secret that signs now."""
        return self.keys.signing

    @property
    def secret_path(self) -> Path:
        """Where the internal secret lies, unless it is given itself."""
        return self.internal_secret_file or self.data_dir / "secret"

    @property
    def pseudonyms(self) -> bytes:
        """The secret of pseudonyms: given, from a file, or the first internal secret. Raises OSError where the file can't be read."""
        if self.pseudonym_secret:
            return self.pseudonym_secret.encode()
        if self.pseudonym_secret_file is not None:
            return self.pseudonym_secret_file.read_text().strip().encode()
        return self.keys.ring.pseudonyms

    @cached_property
    def keys(self) -> Keys:
        """The internal secrets: given, from a file, or made once and kept (mode 600) in the data folder."""
        if self.internal_secret:
            return Keys(self.internal_secret)
        path = self.secret_path
        if not path.exists() and self.internal_secret_file is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                pass  # another process was quicker; its secret is read below
            else:
                with os.fdopen(handle, "w") as file:
                    file.write(secrets.token_hex(32))
        return Keys(path=path)

    @property
    def is_embedded(self) -> bool:
        """Whether everything lives in the data folder."""
        return not (self.database_url or self.bus_url or self.blob_url)
