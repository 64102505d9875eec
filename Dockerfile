FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
# All wheels once; what is installed of them has no pip, which nobody needs there.
RUN pip wheel --no-cache-dir --wheel-dir /wheels . \
    && python -m venv --without-pip /opt/mapsrv \
    && pip --python /opt/mapsrv/bin/python install --no-cache-dir --no-index --no-deps /wheels/*.whl

FROM python:3.13-slim
# Version, revision and source are the release's to say.
LABEL org.opencontainers.image.title="mapsrv" \
    org.opencontainers.image.description="A live map that people and language models share" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.authors="The mapsrv developers"
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin mapsrv \
    && install -d -o mapsrv -g mapsrv -m 0700 /data
COPY --from=build /opt/mapsrv /opt/mapsrv
# HOME: what is kept beside the store goes to the volume too. MAPSRV_IMAGE: the greeting tells how it is reached from outside.
ENV PATH=/opt/mapsrv/bin:$PATH \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    MAPSRV_STORE=sqlite:/data/mapsrv.sqlite \
    MAPSRV_IMAGE=1
USER 10001
VOLUME /data
EXPOSE 8081
# The port is the default one; a container that sets MAPSRV_PORT brings its own check.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8081/health', timeout=2)"]
ENTRYPOINT ["mapsrv"]
CMD ["--host", "0.0.0.0", "--no-open"]
