"""The token that a thank-you page passes as the property `token` of its purchase."""

import base64
import hashlib
import hmac
import json
import time

DAY = 86_400_000


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def order_token(key, site, order, amount, currency, expires=None):
    """Signs that an order is worth this amount, with one of the site's SIGNING_KEYS.

    `amount` is decimal text, `expires` is in Unix milliseconds: a day from now if it is left out.
    """
    if expires is None:
        expires = int(time.time() * 1000) + DAY
    said = {"site": site, "order": order, "amount": amount, "currency": currency, "expires": expires}
    payload = _text(json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8"))
    code = hmac.new(key.encode("utf-8"), payload.encode("ascii"), hashlib.sha256).digest()
    return payload + "." + _text(code)
