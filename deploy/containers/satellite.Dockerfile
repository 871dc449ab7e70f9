# A satellite: it listens, and answers with its built-in engines or with the servers of the LAN.
#
#   docker build -f deploy/containers/satellite.Dockerfile -t satellite .
#   docker run --device /dev/snd --group-add audio --network host -v satellite:/var/lib/satellite satellite
#
# For amd64 and arm64: docker buildx build --platform linux/amd64,linux/arm64 ...
ARG BASE=debian:trixie-slim

FROM ${BASE} AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /usr/src/satellite
COPY pyproject.toml README.md LICENSE ./
COPY satellite satellite
COPY servers servers
RUN python3 -m venv /opt/satellite \
    && /opt/satellite/bin/pip install --no-cache-dir --prefer-binary .

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        alsa-utils ca-certificates libasound2-plugins libportaudio2 python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10700 --user-group --groups audio --home-dir /var/lib/satellite --no-create-home satellite \
    && install -d -o satellite -g satellite -m 0750 /var/lib/satellite /var/cache/satellite
COPY --from=build /opt/satellite /opt/satellite
ENV PATH=/opt/satellite/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/satellite \
    XDG_DATA_HOME=/var/lib \
    XDG_CACHE_HOME=/var/cache \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SATELLITE_HEALTH_PORT=9464
USER 10700
WORKDIR /var/lib/satellite
VOLUME ["/var/lib/satellite"]
EXPOSE 10700 10781
# healthy while sound arrives
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9464/healthz', timeout=4)"]
ENTRYPOINT ["satellite"]
