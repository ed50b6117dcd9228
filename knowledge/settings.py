"""Every setting of Passerelle, in one place: environment variables with the prefix ``PASSERELLE_``.

Read once at start and handed down (``create_app(settings)``); nothing else reads the environment.
"""

from pathlib import Path

from pydantic import BaseSettings, Field, SecretStr

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Typed settings; ``docs/settings.md`` lists them for operators."""

    var_dir: Path = Field(default=ROOT / "var", description="database, model and caches")
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite in var_dir")
    redis_url: str | None = Field(default=None, description="locks and rate limits; default: in process")
    secret_key: SecretStr | None = Field(default=None, description="signs what leaves the server; generated into var_dir when unset")
    public_url: str = Field(default="http://127.0.0.1:8000", description="address under which people reach the service")
    rate_limit_chat: int = Field(default=30, ge=0, description="messages per client per minute; 0 = off")
    trusted_proxies: int = Field(default=0, ge=0, description="number of proxies in front whose X-Forwarded-For is believed")
    retention_days: int = Field(default=30, ge=1, description="conversations older than this are erased")
    rate_limit_sign_in: int = Field(default=10, ge=0, description="attempts to sign in per account per quarter of an hour; 0 = off")
    openid_issuer: str | None = Field(default=None, description="OpenID Connect provider of the console; default: passwords only")
    openid_client_id: str | None = Field(default=None, description="what the provider calls this installation")
    openid_client_secret: SecretStr | None = Field(default=None, description="given by the provider")
    openid_creates_accounts: bool = Field(default=False, description="whoever the provider knows becomes an agent")
    staff_idle_minutes: int = Field(default=240, ge=1, description="a session of the console ends after so long without use")
    staff_session_hours: int = Field(default=12, ge=1, description="a session of the console ends after so long at the latest")
    max_body_bytes: int = Field(default=16_384, ge=1024, description="largest request body accepted")
    max_staff_body_bytes: int = Field(default=10_000_000, ge=1024, description="the same for the console's pages (forms, imported files)")

    class Config:
        env_prefix = "PASSERELLE_"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.var_dir.resolve() / 'passerelle.db'}"

    @property
    def uses_server_database(self) -> bool:
        return not self.database.startswith("sqlite")
