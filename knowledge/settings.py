"""Every setting of Passerelle, in one place: environment variables with the prefix ``PASSERELLE_``.

Read once at start and handed down (``create_app(settings)``); nothing else reads the environment.
"""

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseSettings, Field, SecretStr, validator

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Typed settings; ``docs/settings.md`` lists them for operators."""

    var_dir: Path = Field(default=ROOT / "var", description="database, model and caches")
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite in var_dir")
    redis_url: str | None = Field(default=None, description="locks and rate limits; default: in process")
    broker_url: str | None = Field(default=None, description="RabbitMQ for figures; default: counted in the database at once")
    secret_key: SecretStr | None = Field(default=None, description="signs what leaves the server; generated into var_dir when unset")
    public_url: str = Field(default="http://127.0.0.1:8000", description="address under which people reach the service")
    security_contact: str | None = Field(default=None, description="where weaknesses are reported (mailto: or https:)")
    widget_origins: str | None = Field(
        default=None, description="sites whose pages may show the widget, with spaces between; default: none"
    )
    rate_limit_chat: int = Field(default=30, ge=0, description="messages per client per minute; 0 = off")
    trusted_proxies: int = Field(default=0, ge=0, description="number of proxies in front whose X-Forwarded-For is believed")
    retention_days: int = Field(default=30, ge=1, description="conversations older than this are erased")
    data_controller: str = Field(default="", description="who answers for residents' data: name and address, as the pages show it")
    data_contact: str = Field(default="", description="the data protection officer's address, as the pages show it")
    hosted_by: str = Field(default="", description="who hosts the service, as the pages show it")
    rate_limit_sign_in: int = Field(default=10, ge=0, description="attempts to sign in per account per quarter of an hour; 0 = off")
    openid_issuer: str | None = Field(default=None, description="OpenID Connect provider of the console; default: passwords only")
    openid_client_id: str | None = Field(default=None, description="what the provider calls this installation")
    openid_client_secret: SecretStr | None = Field(default=None, description="given by the provider")
    openid_creates_accounts: bool = Field(default=False, description="whoever the provider knows becomes an agent")
    staff_idle_minutes: int = Field(default=240, ge=1, description="a session of the console ends after so long without use")
    staff_session_hours: int = Field(default=12, ge=1, description="a session of the console ends after so long at the latest")
    max_body_bytes: int = Field(default=16_384, ge=1024, description="largest request body accepted")
    max_staff_body_bytes: int = Field(default=10_000_000, ge=1024, description="the same for the console's pages (forms, imported files)")
    channel_rate_limit: int = Field(default=30, ge=0, description="messages per person per hour on other channels; 0 = off")
    sms_daily_segments: int = Field(default=2000, ge=0, description="SMS segments sent a day at most; 0 = no limit")
    sms_countries: str = Field(default="FR,GP,MQ,GF,RE,YT,PM,BL,MF", description="countries (ISO, by commas) to whose numbers SMS are sent")
    sms_contact: str = Field(default="", description="who runs the service, answered to CONTACT by SMS")
    twilio_account_sid: str | None = Field(default=None, description="account of Twilio; with its token and number SMS are on")
    twilio_auth_token: SecretStr | None = Field(default=None, description="signs what Twilio sends, and opens its REST API")
    twilio_from: str | None = Field(default=None, description="our number (E.164) or messaging service (MG…) at Twilio")
    twilio_api_url: str = Field(default="https://api.twilio.com", description="address of Twilio's REST API")
    sms_gateway_url: str | None = Field(default=None, description="address of a JSON gateway for SMS, instead of Twilio")
    sms_gateway_token: SecretStr | None = Field(default=None, description="bearer token for the gateway")
    sms_gateway_secret: SecretStr | None = Field(default=None, description="signs (HMAC-SHA256) what the gateway sends")
    sms_gateway_from: str | None = Field(default=None, description="our number or name at the gateway")
    sms_gateway_keyed: bool = Field(default=False, description="the gateway drops repeats of an Idempotency-Key")
    max_channel_body_bytes: int = Field(default=3_145_728, ge=1024, description="the same for webhooks of /channels/, which batch messages")
    graph_url: str = Field(default="https://graph.facebook.com/v24.0", description="Meta's Graph API with its version")
    messenger_app_secret: SecretStr | None = Field(default=None, description="secret of the Meta app; signs what Messenger sends")
    messenger_verify_token: SecretStr | None = Field(default=None, description="chosen by us, entered with the webhook's address at Meta")
    messenger_page_token: SecretStr | None = Field(default=None, description="access token of the page; with it, answers leave")
    messenger_page_id: str = Field(default="me", description="id of the page; me: the one of the token")
    whatsapp_app_secret: SecretStr | None = Field(default=None, description="secret of the Meta app; signs what WhatsApp sends")
    whatsapp_verify_token: SecretStr | None = Field(default=None, description="chosen by us, entered with the webhook's address at Meta")
    whatsapp_token: SecretStr | None = Field(default=None, description="access token of a system user; with it, answers leave")
    whatsapp_phone_number_id: str | None = Field(default=None, description="id of our number at Meta (not the number)")

    metrics_token: SecretStr | None = Field(default=None, description="bearer token for /metrics; default: asked from this machine only")
    log_format: Literal["text", "json"] = Field(
        default="text", description="how log lines are written: for a terminal, or one JSON object each"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="warning", description="least severe log lines written")
    drain_seconds: int = Field(default=0, ge=0, le=300, description="told to stop, so long not ready and still answering")

    class Config:
        env_prefix = "PASSERELLE_"

    @validator("widget_origins")
    def _origins_alone(cls, value: str | None) -> str | None:
        wrong = [origin for origin in (value or "").split() if not re.match(r"https?://[a-z0-9.-]+(:\d+)?$", origin)]
        if wrong:
            raise ValueError(f"{wrong[0]} is no origin: write https://www.example.fr, without a path, several with spaces between")
        return value

    @validator("security_contact")
    def _contact_is_an_address(cls, value: str | None) -> str | None:
        if value and not re.match(r"(mailto:|https://|tel:)[\x21-\x7e]+$(?!\n)", value):
            raise ValueError(f"{value} is no address: write mailto:securite@example.fr or https://…")
        return value

    @property
    def origins_of_widget(self) -> list[str]:
        """The origins whose pages may show the widget."""
        return (self.widget_origins or "").split()

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.var_dir.resolve() / 'passerelle.db'}"

    @property
    def uses_server_database(self) -> bool:
        return not self.database.startswith("sqlite")
