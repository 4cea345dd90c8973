"""Who the console says it is to a surface that asks. Secrets are only ever taken from the environment."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from console.domain.loopback import keeps_secrets
from console.sources.errors import SourceError


@dataclass(frozen=True, slots=True)
class Credentials:
    """The names of the environment variables that hold them; the secrets themselves are never kept.

    Either a bearer token, or a user and a password, or nothing.
    """

    bearer_env: str | None = None
    user_env: str | None = None
    password_env: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def headers(self, url: str) -> dict[str, str]:
        """The headers that prove it to `url`.

        SourceError names a variable that isn't set, and refuses to send a secret where others can read it.
        """
        named = self.bearer_env or (self.user_env and self.password_env)
        if named and not keeps_secrets(url):
            raise SourceError("credentials are only sent over https")
        if self.bearer_env is not None:
            return {"Authorization": f"Bearer {self._secret(self.bearer_env)}"}
        if self.user_env is not None and self.password_env is not None:
            pair = f"{self._secret(self.user_env)}:{self._secret(self.password_env)}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return {}

    def _secret(self, name: str) -> str:
        value = self.environment.get(name, "")
        if not value:
            raise SourceError(f"the environment variable {name} is not set")
        if not (value.isascii() and value.isprintable()):
            raise SourceError(f"the environment variable {name} holds characters that no header may")
        return value
