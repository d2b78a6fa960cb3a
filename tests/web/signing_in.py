"""Accounts and browsers for tests of signing in."""

from __future__ import annotations

from typing import Any

from falcon.testing import Result, TestClient
from pydantic import SecretStr

from bitloot.passwords import hash_password
from bitloot.shop import Shop
from bitloot.tokens import Role
from db.admins import Admin, add_admin

__all__ = ["EMAIL", "PASSWORD", "Browser", "an_account"]

EMAIL, PASSWORD = "olga@shop.example", "correct horse battery"


def an_account(role: Role = "owner", email: str = EMAIL, password: str | None = PASSWORD) -> Admin:
    admin = add_admin(email, role, hash_password(SecretStr(password)) if password else None)
    assert admin is not None
    return admin


class Browser:
    """Keeps the cookie, and says where its page comes from."""

    def __init__(self, client: TestClient, shop: Shop, address: str = "203.0.113.5") -> None:
        self.client = client
        self.cookie: str | None = None
        self._own = {"X-BitLoot": "console", "Origin": shop.settings.public_url}
        self._address = address

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Result:
        named = self._own | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            named["Cookie"] = self.cookie
        kept = {name: value for name, value in named.items() if value}
        answer = self.client.simulate_request(
            method, path, json=body, headers=kept, remote_addr=self._address
        )
        for cookie in answer.cookies.values():
            self.cookie = f"{cookie.name}={cookie.value}" if cookie.value else None
        return answer

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD, **more: str) -> Result:
        return self.ask("POST", "/admin/session", {"email": email, "password": password} | more)
