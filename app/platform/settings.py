"""Settings: one class, read once from the environment; the table in README.md lists them."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting of the program. Names in the environment are the upper-cased field names.

    Durations carry their unit in the name. An unset database or Redis URL means: start the embedded server.
    """

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    app_home: Path = Path(".data")
    environment: Literal["sandbox", "production"] = "sandbox"
    port: int = Field(default=8000, ge=0, le=65535)
    host: str = "127.0.0.1"
    public_url: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    database_url: str = ""
    database_owner_url: str = ""
    redis_url: str = ""
    pg_bindir: str = ""
    database_pool_size: int = Field(default=10, ge=1, le=200)
    statement_timeout_ms: int = 5_000
    lock_timeout_ms: int = 2_000

    signing_keys: str = ""
    """`kid:base64secret`, comma separated, newest first. Sandbox: made under APP_HOME/secrets."""
    encryption_keys: str = ""
    hash_keys: str = ""

    access_token_ttl_seconds: int = 900
    refresh_token_ttl_seconds: int = 30 * 86_400
    visitor_ttl_seconds: int = 180 * 86_400
    sign_in_code_ttl_seconds: int = 300
    sign_in_code_attempts: int = 5
    sign_in_codes_per_phone_minute: int = 1
    sign_in_codes_per_phone_day: int = 10
    sign_in_codes_per_address_hour: int | None = None
    trusted_proxies: int = 0
    """How many proxies in front append to X-Forwarded-For; 0: the peer's own address counts."""

    order_payment_ttl_seconds: int = 1_800
    order_receipt_ttl_seconds: int = 10 * 86_400
    """A shipped order that nobody confirms counts as received so long after it was shipped."""
    order_completion_ttl_seconds: int = 7 * 86_400
    """A received order is completed so long after its receipt."""
    pickup_code_tries_per_hour: int = Field(default=5, ge=1)
    return_window_seconds: int = 7 * 86_400
    """Returns without a reason, from receipt."""
    after_sale_decide_unshipped_seconds: int = 48 * 3_600
    """Nobody has decided: the after-sale is approved. This is for goods that have not left."""
    after_sale_decide_seconds: int = 5 * 86_400
    after_sale_send_seconds: int = 7 * 86_400
    """The customer has not sent the goods: the after-sale is withdrawn."""
    after_sale_receive_seconds: int = 10 * 86_400
    """Nobody has received what the customer sent: it counts as received."""
    freight_flat_minor: int = 1_000
    freight_free_from_minor: int = 9_900
    invoice_request_days: int = Field(default=365, ge=1)
    """How long after payment a customer may ask for an invoice."""
    invoice_tax_rate_bp: int = Field(default=1_300, ge=0, le=10_000)
    """Value-added tax of goods, for a brand that has published no terms of its own."""
    withdrawal_minimum_minor: int = Field(default=100, ge=1)
    payout_acceptance_seconds: int = Field(default=120, ge=1)
    """How long a provider may accept a payout that was sent; whatever it has not seen by then was never sent."""
    poster_font: Path | None = None
    """A font file that posters try before the package's Noto Sans; for a brand with a licence of its own."""
    idempotency_ttl_seconds: int = 7 * 86_400
    callback_tolerance_seconds: int = 300

    graphql_body_bytes: int = 256 * 1024
    graphql_tokens: int = 2_000
    graphql_depth: int = 12
    graphql_aliases: int = 15
    graphql_same_response_name: int = 20
    graphql_directives: int = 10
    graphql_seconds: float = 15.0
    graphql_at_once: int = Field(default=20, ge=1)
    """Operations that one process runs at once; the others wait in order."""
    graphql_queue_seconds: float = 60.0
    websocket_message_bytes: int = 64 * 1024
    websocket_init_seconds: float = 10.0
    websocket_subscriptions: int = 100

    media_folder: Path | None = None
    """Where uploaded pictures and files are kept; unset: `media` below APP_HOME."""
    media_s3_bucket: str = ""
    """A bucket that speaks S3 takes the folder's place."""
    media_s3_endpoint: str = ""
    """The provider's address; unset: AWS in `media_s3_region`."""
    media_s3_region: str = "us-east-1"
    media_s3_prefix: str = ""
    media_s3_access_key: str = ""
    media_s3_secret_key: str = ""
    media_s3_bucket_in_host: bool = False
    """Whether the bucket stands in the host's name (as Aliyun OSS asks for) and not in the path."""

    outbox_attempts: int = 10
    outbox_sweep_seconds: float = 2.0
    sandbox_payment_delay_seconds: float = 0.0
    sandbox_payment_failure_percent: int = Field(default=0, ge=0, le=100)
    sandbox_payment_duplicates: int = Field(default=0, ge=0, le=10)
    sandbox_payment_reorder: bool = False
    sandbox_payment_timeout_percent: int = Field(default=0, ge=0, le=100)
    sandbox_payout_delay_seconds: float = 0.0
    sandbox_payout_refused_percent: int = Field(default=0, ge=0, le=100)
    sandbox_payout_unanswered_percent: int = Field(default=0, ge=0, le=100)
    sandbox_payout_unreached_percent: int = Field(default=0, ge=0, le=100)
    sandbox_payout_waiting_percent: int = Field(default=0, ge=0, le=100)
    sandbox_payout_confirmation_seconds: int = 86_400
    sandbox_invoice_delay_seconds: float = 0.0
    sandbox_invoice_refused_percent: int = Field(default=0, ge=0, le=100)
    sandbox_invoice_unanswered_percent: int = Field(default=0, ge=0, le=100)
    sandbox_invoice_unreached_percent: int = Field(default=0, ge=0, le=100)

    pause_at: str = ""
    """Fault tests only: `point:seconds` holds the process at a named point, so that it can be killed there."""

    @field_validator("app_home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def base_url(self) -> str:
        """Where customers reach this server, without a trailing slash."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def codes_per_address_hour(self) -> int:
        """Sign-in codes per address and hour: 30, and 1,000 in the sandbox, where one machine plays every customer."""
        if self.sign_in_codes_per_address_hour is not None:
            return self.sign_in_codes_per_address_hour
        return 30 if self.is_production else 1_000

    @property
    def secrets_dir(self) -> Path:
        return self.app_home / "secrets"

    @property
    def media_dir(self) -> Path:
        return self.app_home / "media" if self.media_folder is None else self.media_folder.expanduser().absolute()

    @property
    def sandbox_dir(self) -> Path:
        return self.app_home / "sandbox"


@lru_cache
def load_settings() -> Settings:
    """The settings of this process, read from the environment once."""
    return Settings()


def reload_settings(**changes: str) -> Settings:
    """Read the settings anew after setting `changes` in the environment (the launcher passes server addresses so)."""
    os.environ.update(changes)
    load_settings.cache_clear()
    return load_settings()
