# The gateway without a shell, a package manager or pip around it. docs/container.md says how to build and run it.

ARG VERSION=0.1.0

FROM debian:13.8-slim AS tools
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all: PIP_PROGRESS_BAR=off
# Debian's archive drops a version when a fix replaces it, so an exact version here would break the build on the day of
# the fix. The release is pinned by the base, and the SBOM tells which versions an image got.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends binutils ca-certificates python3.13-venv \
    && rm -rf /var/lib/apt/lists/*

# What the interpreter and the wheels are linked against, file by file: no maintainer script runs, so none needs a shell.
FROM tools AS debian
WORKDIR /packages
RUN apt-get update \
    && apt-get download \
        base-files ca-certificates libbz2-1.0 libc6 libexpat1 libffi8 libgcc-s1 liblzma5 libpython3.13-minimal \
        libpython3.13-stdlib libsqlite3-0 libssl3t64 libstdc++6 libuuid1 libzstd1 python3.13-minimal zlib1g \
    && rm -rf /var/lib/apt/lists/*
COPY deploy/container/unpack /usr/local/bin/
RUN unpack /packages /image

FROM tools AS python
WORKDIR /build
COPY requirements.txt deploy/container/requirements-sbom.txt ./
RUN python3.13 -m venv /pip \
    && /pip/bin/pip download --quiet --require-hashes --dest wheels --requirement requirements.txt \
    && /pip/bin/pip install --quiet --no-index --find-links wheels hatchling
RUN python3.13 -m venv /sbom \
    && /sbom/bin/pip install --quiet --require-hashes --requirement requirements-sbom.txt
COPY pyproject.toml README.md ./
COPY clients/python clients/python
COPY generated/python generated/python
COPY gateway gateway
# Of what is pinned, only what the gateway itself asks for: not what built it.
RUN /pip/bin/pip wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir wheels . \
    && python3.13 -m venv --without-pip /opt/kaleyra-gateway \
    && /pip/bin/pip --python /opt/kaleyra-gateway/bin/python install \
        --quiet --no-index --find-links wheels --no-compile kaleyra-gateway \
    && find /opt/kaleyra-gateway/bin -type f ! -name kaleyra-gateway -delete \
    && find /opt/kaleyra-gateway -name '*.so' -exec strip --strip-unneeded {} + \
    && python3.13 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/kaleyra-gateway
COPY --from=debian /image/var/lib/dpkg/status.d /build/status.d
COPY tools/image_sbom.py ./
RUN /sbom/bin/cyclonedx-py environment --output-reproducible --output-file python.json /opt/kaleyra-gateway \
    && /sbom/bin/python image_sbom.py python.json status.d "$(cut -d . -f 1 /etc/debian_version)" > sbom.json
ARG VERSION
RUN test "$(/opt/kaleyra-gateway/bin/kaleyra-gateway --version)" = "kaleyra-gateway ${VERSION}" \
    || { echo "VERSION is ${VERSION}, and not that of gateway/__init__.py" >&2; exit 1; }

FROM scratch
ARG VERSION
LABEL org.opencontainers.image.title="kaleyra-gateway" \
      org.opencontainers.image.description="A gRPC gateway for Kaleyra's Outbound Calling API" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=debian /image /
COPY --from=python /build/sbom.json /usr/share/sbom/kaleyra-gateway.cdx.json
COPY --from=python /opt /opt
ENV PATH=/opt/kaleyra-gateway/bin:/usr/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GATEWAY_LISTEN=0.0.0.0:50051 \
    GATEWAY_LEDGER_CREATE=false
USER 65532:65532
WORKDIR /var/lib/kaleyra
EXPOSE 50051 8081
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["kaleyra-gateway", "health"]
ENTRYPOINT ["kaleyra-gateway"]
CMD ["serve"]
