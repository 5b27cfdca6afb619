"""`kaleyra-gateway health`: how a supervisor without a gRPC client of its own asks."""

import asyncio
import socket
import ssl
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import faults
import pytest
import trustme
from gateway_under_test import GatewayUnderTest, running_gateway, settings_for
from planted import RULES, Methods
from raw_provider import RawProvider
from served_process import served_process

from gateway.app import SERVICE
from gateway.boundary import Boundary
from gateway.listener import Listener

GATEWAYS = trustme.CA()
CALLERS = trustme.CA()


async def health(*arguments: str, **environment: str) -> tuple[int, str]:
    """Runs the command in an environment of its own, with patience; gives its exit status and its one line."""
    patience = () if "--timeout" in arguments else ("--timeout", "60")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "health", *arguments, *patience),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode is not None
    assert bool(output) == (process.returncode == 0)
    return process.returncode, (output or errors).decode().strip()


def written(folder: Path, text: str) -> str:
    file = folder / "gateway.toml"
    file.write_text(text)
    return str(file)


def tls(folder: Path, certificate: trustme.LeafCert, *, callers: trustme.CA | None = None) -> dict[str, Path]:
    """The settings of a gateway with a certificate, and the authority of those it lets in."""
    certificate.private_key_pem.write_to_path(folder / "tls.key")
    (folder / "tls.crt").write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))
    files = {"certificate_file": folder / "tls.crt", "key_file": folder / "tls.key"}
    if callers is None:
        return files
    callers.cert_pem.write_to_path(folder / "callers.crt")
    return files | {"client_ca_file": folder / "callers.crt"}


def as_toml(gateway: GatewayUnderTest, files: Mapping[str, Path]) -> str:
    lines = "\n".join(f'{name} = "{file.name}"' for name, file in files.items())
    return f'listen = "{gateway.address}"\n[tls]\n{lines}\n'


# What it says


@pytest.mark.parametrize("service", [SERVICE.full_name, ""])
async def test_a_gateway_that_takes_calls_is_0(gateway, service):
    """Alive and ready."""
    status, line = await health("--service", service, GATEWAY_LISTEN=gateway.address)

    assert 0 == status
    assert line.endswith(": SERVING")


async def test_a_draining_gateway_is_1_and_alive(start_gateway, provider):
    """Readiness is what is asked for unless another name is given."""
    gateway = await start_gateway(provider={"reply_timeout": 60.0}, drain_grace=60.0)
    provider.behave(faults.answers_when_released)
    call = asyncio.ensure_future(gateway.place_call())
    await provider.arrivals(1)
    draining = asyncio.create_task(gateway.gateway.drain())
    ready = await health(GATEWAY_LISTEN=gateway.address)
    alive, _ = await health("--service", "", GATEWAY_LISTEN=gateway.address)
    provider.release.set()
    await call

    assert (1, f"{SERVICE.full_name}: NOT_SERVING") == ready
    assert 0 == alive
    assert await draining


async def test_a_gateway_that_starts_is_1(provider):
    """It listens before it is ready."""
    listener = Listener(settings_for(provider.url, {}), SERVICE, Boundary(SERVICE, Methods(None), RULES).handler())
    address = await listener.start()
    status, _ = await health(GATEWAY_LISTEN=address)
    await listener.stop()

    assert 1 == status


async def test_nobody_listening_is_3():
    """The line says where it was looked for."""
    assert (3, "no gateway answers on 127.0.0.1:1, asked without TLS") == await health(GATEWAY_LISTEN="127.0.0.1:1")


async def test_another_server_is_3(provider):
    """What speaks no gRPC is no gateway."""
    status, line = await health(GATEWAY_LISTEN=provider.url.removeprefix("http://"))

    assert 3 == status
    assert "no gateway answers" in line or "does not say" in line


async def test_silence_is_3_in_time():
    """A server that says nothing is given up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with asyncio.timeout(60):
            status, _ = await health("--timeout", "0.5", GATEWAY_LISTEN=f"127.0.0.1:{silent.getsockname()[1]}")

    assert 3 == status


async def test_a_mistyped_service_is_2(gateway):
    """It is never taken for healthy, and never for down."""
    status, line = await health("--service", "voicegateway.v1.Calls", GATEWAY_LISTEN=gateway.address)

    assert (2, f"the gateway on {gateway.address} knows no service voicegateway.v1.Calls") == (status, line)


# Where it asks


async def test_an_address_of_any_interface_is_asked_on_loopback(start_gateway):
    """What listens everywhere is asked from beside it."""
    gateway = await start_gateway(listen="0.0.0.0:0")
    status, _ = await health(GATEWAY_LISTEN=gateway.address)

    assert 0 == status


async def test_the_command_line_goes_before_the_settings(gateway):
    """The address may be another than that of the settings."""
    status, _ = await health("--address", gateway.address, GATEWAY_LISTEN="127.0.0.1:1")

    assert 0 == status


async def test_the_settings_file_says_where(gateway, tmp_path):
    """By the option, and by the environment as in an image, whose own command is fixed."""
    file = written(tmp_path, f'listen = "{gateway.address}"')

    assert 0 == (await health("--config", file))[0]
    assert 0 == (await health(GATEWAY_CONFIG=file))[0]


async def test_settings_that_went_wrong_since_the_start_do_not_make_it_ill(gateway, tmp_path):
    """A broken key file keeps the last good key: what runs is asked, not what would start."""
    file = written(tmp_path, f'listen = "{gateway.address}"\n[accounts.default]\napi_key_file = "gone.key"\n')

    assert 0 == (await health("--config", file))[0]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        pytest.param({"GATEWAY_LISTEN": "50051"}, "listen: must be HOST:PORT", id="no address"),
        pytest.param({"GATEWAY_LISTEN": "127.0.0.1:0"}, "--address HOST:PORT", id="any free port"),
        pytest.param({"GATEWAY_CONFIG": "/nowhere/gateway.toml"}, "cannot be read", id="no file"),
    ],
)
async def test_settings_that_do_not_say_where_are_2(environment, words):
    """The line says what is wrong."""
    status, line = await health(**environment)

    assert 2 == status
    assert words in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--address", "localhost"], "--address", id="no port"),
        pytest.param(["--address", "http://127.0.0.1:50051"], "--address: must be HOST:PORT", id="a URL"),
        pytest.param(["--certificate", "x.pem"], "have no [tls]", id="a certificate without TLS"),
        pytest.param(["--key", "x.pem"], "--key: belongs to a --certificate", id="a key alone"),
    ],
)
async def test_a_wrong_argument_is_2_and_named(arguments, words):
    """It says what is wrong with what was typed, not with settings that nobody wrote."""
    status, line = await health(*arguments)

    assert 2 == status
    assert words in line


async def test_a_proxy_in_the_environment_is_not_asked(gateway):
    """The question stays on the machine."""
    proxy = "http://127.0.0.1:1"
    status, _ = await health(GATEWAY_LISTEN=gateway.address, http_proxy=proxy, https_proxy=proxy, grpc_proxy=proxy)

    assert 0 == status


# TLS


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["gateway.example.com"], id="another name"),
        pytest.param(["*.example.com", "10.0.0.1"], id="a wildcard"),
        pytest.param(["10.0.0.1"], id="an address"),
        pytest.param(["someone@example.com", "gateway.example.com"], id="a name of another kind first"),
    ],
)
async def test_tls_is_spoken_whatever_the_certificate_is_called(provider, tmp_path, names):
    """The certificate is for callers, and is not good for loopback."""
    files = tls(tmp_path, GATEWAYS.issue_cert(*names))
    async with running_gateway(provider.url, {"tls": files}) as gateway:
        status, line = await health("--config", written(tmp_path, as_toml(gateway, files)))

    assert (0, f"{SERVICE.full_name}: SERVING") == (status, line)


async def test_a_certificate_that_was_renewed_does_not_make_it_ill(provider, tmp_path):
    """The gateway serves the one that it read at its start; the file has another by now."""
    files = tls(tmp_path, GATEWAYS.issue_cert("gateway.example.com"))
    async with running_gateway(provider.url, {"tls": files}) as gateway:
        tls(tmp_path, GATEWAYS.issue_cert("gateway.example.com"))
        status, _ = await health("--config", written(tmp_path, as_toml(gateway, files)))

    assert 0 == status


async def test_a_certificate_out_of_date_is_3(provider, tmp_path):
    """No caller could connect either."""
    past = datetime.now(UTC) - timedelta(days=1)
    files = tls(tmp_path, GATEWAYS.issue_cert("gateway.example.com", not_after=past))
    async with running_gateway(provider.url, {"tls": files}) as gateway:
        status, line = await health("--config", written(tmp_path, as_toml(gateway, files)))

    assert 3 == status
    assert "certificate has expired" in line


async def test_a_gateway_without_the_tls_of_its_settings_is_3(gateway, tmp_path):
    """Settings that were changed and not yet served."""
    files = tls(tmp_path, GATEWAYS.issue_cert("gateway.example.com"))
    status, line = await health("--config", written(tmp_path, as_toml(gateway, files)))

    assert 3 == status
    assert line.startswith(f"no gateway answers on {gateway.address} with TLS: ")


async def test_a_gateway_that_knows_its_callers_is_shown_its_own_certificate(provider, tmp_path):
    """Where its authority is theirs, nothing more is needed."""
    files = tls(tmp_path, GATEWAYS.issue_cert("gateway.example.com"), callers=GATEWAYS)
    async with running_gateway(provider.url, {"tls": files}) as gateway:
        status, line = await health("--config", written(tmp_path, as_toml(gateway, files)))

    assert (0, f"{SERVICE.full_name}: SERVING") == (status, line)


@pytest.mark.parametrize("in_one_file", [False, True])
async def test_a_gateway_with_callers_of_another_authority_is_shown_a_certificate_of_theirs(
    provider, tmp_path, in_one_file
):
    """Without one it does not answer, and the line says the way out."""
    files = tls(tmp_path, GATEWAYS.issue_cert("gateway.example.com"), callers=CALLERS)
    probe = CALLERS.issue_cert("probe.example.com")
    (tmp_path / "probe.crt").write_bytes(b"".join(pem.bytes() for pem in probe.cert_chain_pems))
    probe.private_key_pem.write_to_path(tmp_path / ("probe.crt" if in_one_file else "probe.key"), append=True)
    shown = ["--certificate", str(tmp_path / "probe.crt")]
    async with running_gateway(provider.url, {"tls": files}) as gateway:
        file = written(tmp_path, as_toml(gateway, files))
        refused, line = await health("--config", file)
        told, _ = await health("--config", file, *shown, *([] if in_one_file else ["--key", f"{tmp_path}/probe.key"]))

    assert (3, 0) == (refused, told)
    assert line.endswith("give one that the authority in tls.client_ca_file signed, by --certificate and --key")


async def test_a_certificate_that_cannot_be_shown_is_3(provider, tmp_path):
    """Its file is named."""
    files = tls(tmp_path, GATEWAYS.issue_cert("gateway.example.com"), callers=CALLERS)
    async with running_gateway(provider.url, {"tls": files}) as gateway:
        file = written(tmp_path, as_toml(gateway, files))
        status, line = await health("--config", file, "--certificate", "/nowhere/probe.crt")

    assert 3 == status
    assert "/nowhere/probe.crt cannot be shown: No such file or directory" in line


async def test_a_server_that_speaks_tls_and_no_grpc_is_3(tmp_path):
    """TLS alone does not make a gateway."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    GATEWAYS.issue_cert("127.0.0.1").configure_cert(context)
    files = tls(tmp_path, GATEWAYS.issue_cert("gateway.example.com"))
    async with RawProvider.listening(context) as other:
        address = other.url.removeprefix("https://")
        file = written(tmp_path, as_toml(GatewayUnderTest(None, address, None, None), files))  # type: ignore[arg-type]
        status, _ = await health("--config", file)

    assert 3 == status


async def test_the_gateway_says_nothing_about_being_asked(provider, tmp_path):
    """A log that fills with every look of a supervisor hides what matters."""
    files = tls(tmp_path, GATEWAYS.issue_cert("gateway.example.com"), callers=GATEWAYS)
    toml = "[tls]\n" + "\n".join(f'{name} = "{file}"' for name, file in files.items())
    async with served_process(provider.url, tmp_path, toml) as served:
        address = (await served.line("serving"))["address"]
        before = len(served.output)
        asked = [await health("--address", address, "--config", f"{tmp_path}/gateway.toml") for _ in range(2)]
        served.process.terminate()
        await served.exit_status()
        after = [line for line in served.output[before:] if "draining" not in line and "stopped" not in line]

    assert [0, 0] == [status for status, _ in asked]
    assert [] == after
