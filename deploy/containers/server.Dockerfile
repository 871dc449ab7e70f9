# A server: speech-to-text, brain and text-to-speech for the satellites of the LAN.
#
#   docker build -f deploy/containers/server.Dockerfile -t satellite-server .
#   docker build -f deploy/containers/server.Dockerfile --build-arg VARIANT=cuda -t satellite-server:cuda .
#
# VARIANT=cpu is for amd64 and arm64. VARIANT=cuda is for amd64 with an NVIDIA GPU and its container
# toolkit (docker run --gpus all): NVIDIA's libraries come as wheels, 1.4 GB.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS build
ARG VARIANT=cpu
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /usr/src/satellite
COPY pyproject.toml README.md LICENSE ./
COPY satellite satellite
COPY servers servers
RUN python3 -m venv /opt/satellite \
    && /opt/satellite/bin/pip install --no-cache-dir --prefer-binary '.[server]'
# CTranslate2 4 is built for CUDA 12 and cuDNN 9
RUN case "${VARIANT}" in \
        cpu) mkdir -p /opt/satellite/nvidia ;; \
        cuda) /opt/satellite/bin/pip install --no-cache-dir 'nvidia-cublas-cu12==12.*' 'nvidia-cudnn-cu12==9.*' \
            && ln -s "$(echo /opt/satellite/lib/python3*/site-packages/nvidia)" /opt/satellite/nvidia ;; \
        *) echo "VARIANT is cpu or cuda, not ${VARIANT}" >&2; exit 1 ;; \
    esac

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10700 --user-group --home-dir /var/lib/satellite --no-create-home satellite \
    && install -d -o satellite -g satellite -m 0750 /var/lib/satellite /var/cache/satellite
COPY --from=build /opt/satellite /opt/satellite
ENV PATH=/opt/satellite/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/satellite \
    XDG_DATA_HOME=/var/lib \
    XDG_CACHE_HOME=/var/cache \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LD_LIBRARY_PATH=/opt/satellite/nvidia/cublas/lib:/opt/satellite/nvidia/cudnn/lib \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    SATELLITE_SERVER_METRICS=9465
USER 10700
WORKDIR /var/lib/satellite
VOLUME ["/var/lib/satellite"]
EXPOSE 10200 10300 10400 10600 10791 10800 9465
# healthy while its services answer
HEALTHCHECK --interval=30s --timeout=10s --start-period=600s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9465/readyz', timeout=8)"]
ENTRYPOINT ["satellite", "--server"]
