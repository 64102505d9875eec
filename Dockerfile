FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/mapsrv && /opt/mapsrv/bin/pip install --no-cache-dir .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin mapsrv \
    && install -d -o mapsrv -g mapsrv -m 0700 /data
COPY --from=build /opt/mapsrv /opt/mapsrv
# HOME: what is kept beside the store goes to the volume too.
ENV PATH=/opt/mapsrv/bin:$PATH \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    MAPSRV_STORE=sqlite:/data/mapsrv.sqlite
USER 10001
VOLUME /data
EXPOSE 8081
# The port is the default one; a container that sets MAPSRV_PORT brings its own check.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8081/health', timeout=2)"]
ENTRYPOINT ["mapsrv"]
CMD ["--host", "0.0.0.0", "--no-open"]
