"""Which addresses are this machine's own: it runs by the same clock, and nobody listens on the way."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether `url` is on this machine. A URL that can't be read is not."""
    try:
        return is_loopback_host(urlsplit(url).hostname)
    except ValueError:
        return False


def is_loopback_host(host: str | None) -> bool:
    """Whether a name or an address, without brackets, is this machine; no host at all is not."""
    if host is None:
        return False
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def keeps_secrets(url: str) -> bool:
    """Whether nobody on the way can read what is sent to `url`."""
    return url.startswith("https://") or is_loopback(url)
