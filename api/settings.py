"""Every setting, once: environment variables, or `.env`."""

from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How this installation runs. Nothing here changes the law; that is recorded (JudgementSettingChanged)."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: str = Field("sqlite:///var", description="sqlite:///FOLDER, sqlite:// (in memory) or postgresql://…")
    host: str = Field("127.0.0.1", description="address the web service listens on")
    port: int = Field(8000, ge=1, le=65535, description="port the web service listens on")
    workers: int = Field(1, ge=1, le=64, description="web processes; more than one needs PostgreSQL or a file")
    public_address: str = Field("127.0.0.1:8000", description="public address of the register; names its log when that is first opened")
    security_contact: str = Field("", description="whom to tell about a hole, as a URI; empty is security@ the public address (RFC 2142)")
    contact: str = Field("", description="where readers write to, as a URI; empty is register@ the public address")
    challenges_from_one_place: int = Field(5, ge=1, description="challenges that are taken from one network address within a quarter of an hour")
    challenges_altogether: int = Field(60, ge=1, description="challenges that are taken from everybody within a quarter of an hour")
    wait_seconds: float = Field(2.0, ge=0, le=30, description="how long an answer waits for the read side")
    witness_policy: str = Field("", description="file that names the witnesses of the public log (C2SP tlog-policy); empty for none")
    witness_seconds: float = Field(2.0, ge=0, le=30, description="how long the public log waits for its witnesses before it is published")
    webhook_ports: tuple[int, ...] = Field((443,), description="ports that webhooks may be sent to, as JSON: [443, 8443]")
    webhook_loopback: bool = Field(False, description="send webhooks to this machine too, also by http: for demonstrations and tests, nowhere else")
    prepared_bytes: int = Field(64 * 1024 * 1024, ge=0, description="memory for prepared public answers")
    documents_folder: str = Field("", description="where documents are kept; by default `documents` beside the stores of a folder, else in `var`")
    retention_years: int = Field(30, ge=1, le=100, description="how long a closed file is kept; while it is, no person it names is erased")
    retention_source: str = Field(
        "Regulation (EEC, Euratom) No 354/83: files are opened after 30 years", description="where retention_years comes from; the Act sets none"
    )
    openid_issuer: str = Field("", description="OpenID provider of the organisation, by its issuer identifier; empty for none")
    openid_client_id: str = Field("", description="what the provider calls this register")
    openid_client_secret: SecretStr = Field(SecretStr(""), description="what the register shows the provider, if the provider gave it one")
    openid_name: str = Field("your organisation", description="what people call the provider, as in: sign in through …")
    openid_scope: str = Field("openid", description="what is asked of the provider; more than `openid` only for another claim than `sub`")
    openid_claim: str = Field("sub", description="claim of the ID token by which accounts are linked; nobody may be able to change their own")
    openid_acr: str = Field("", description="ways of signing in that are strong enough (`acr`), apart by blanks; empty takes any")
    openid_seconds: float = Field(5.0, gt=0, le=30, description="how long the provider may take to answer")
    document_bytes: int = Field(100 * 1024 * 1024, ge=1, lt=2**31, description="the most bytes of one document")
    pdf_bytes: int = Field(8 * 1024 * 1024, ge=1, description="the most bytes of a record that one letter or case file prints")
    pdf_seconds: float = Field(20.0, gt=0, le=300, description="how long a letter or a case file may take to print")

    @property
    def public_url(self) -> str:
        """Return the public address with its scheme: as it is written, else https, and http on this machine alone."""
        if "://" in self.public_address:
            return self.public_address.rstrip("/")
        here = self.public_address.startswith(("127.", "localhost", "[::1]"))
        return f"{'http' if here else 'https'}://{self.public_address.rstrip('/')}"

    @property
    def security_uri(self) -> str:
        """Return whom to tell about a hole: as it is set, else the mailbox that every domain has for it."""
        return self.security_contact or self._mailbox("security")

    @property
    def contact_uri(self) -> str:
        """Return where readers write to: as it is set, else a mailbox of the register."""
        return self.contact or self._mailbox("register")

    def _mailbox(self, name: str) -> str:
        host = urlsplit(self.public_url).hostname or ""
        literal = f"[IPv6:{host}]" if ":" in host else f"[{host}]" if host.replace(".", "").isdigit() else host
        return f"mailto:{name}@{quote(literal)}"
