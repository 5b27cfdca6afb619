"""What is in the cluster before the chart: the Secrets and ConfigMaps that its files of values name."""

from kubelet import Secrets
from trustme import CA

KEY = "api-key-of-the-checks"


def secrets(authority: CA) -> Secrets:
    """Makes them; certificates are the authority's."""
    ca = authority.cert_pem.bytes()
    server, probe = authority.issue_cert("127.0.0.1"), authority.issue_cert("probe@example.com")
    return {
        "kaleyra": {"api-key": KEY.encode(), "eu-key": KEY.encode()},
        "ledger-database": {
            "url": b"postgresql://gateway:of-the-checks@db.example.com/ledger",
            "password": b"password-of-the-checks",
            "db-password": b"password-of-the-checks",
        },
        "gateway-tls": _pair(server),
        "gateway-probe-tls": _pair(probe),
        "callers-ca": {"ca.crt": ca},
        "provider-ca": {"ca.crt": ca},
        "database-ca": {"ca.crt": ca},
    }


def _pair(certificate) -> dict[str, bytes]:
    chain = b"".join(each.bytes() for each in certificate.cert_chain_pems)
    return {"tls.crt": chain, "tls.key": certificate.private_key_pem.bytes()}
