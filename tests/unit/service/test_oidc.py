"""Where signing in may call: what a provider says of its endpoints leads to no address of the machine itself."""

from __future__ import annotations

import pytest

from ascertain.sandbox.oidc import OidcProvider
from ascertain.service.oidc import OidcClient, SignInError

BACK = "http://127.0.0.1:1/auth/callback"


@pytest.mark.parametrize(
    ("address", "says"),
    [("169.254.169.254", "never called"), ("fd00:ec2::254", "never called"), ("127.0.0.1", "this machine")],
)
def test_a_name_that_leads_to_the_machine_itself_or_its_credentials_is_not_called(address: str, says: str) -> None:
    client = OidcClient("https://idp.example", "c", "s", group_claim="groups", find=lambda host, port: [address])
    with pytest.raises(SignInError, match=says):
        client.begin(BACK)
    client.close()


def test_nor_is_an_endpoint_that_the_provider_names() -> None:
    with OidcProvider() as provider:
        told = provider.environment()
        client = OidcClient(
            told["ASCERTAIN_OIDC_ISSUER"], told["ASCERTAIN_OIDC_CLIENT_ID"], told["ASCERTAIN_OIDC_CLIENT_SECRET"],
            group_claim="groups", find=lambda host, port: ["169.254.169.254"],
        )  # fmt: skip
        begun = client.begin(BACK)  # the issuer itself was written by an administrator and is on this machine
        endpoints = client._discovered()
        endpoints["token_endpoint"] = "https://metadata.example/token"
        with pytest.raises(SignInError, match=r"metadata\.example leads to 169\.254\.169\.254"):
            client.finish("code", {"verifier": begun.verifier, "nonce": begun.nonce}, BACK)
        endpoints["userinfo_endpoint"] = "https://metadata.example/me"
        with pytest.raises(SignInError, match="never called"):
            client._userinfo("token", "subject")
        client.close()
