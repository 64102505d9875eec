# Debian's PostgreSQL, begun as the official image begins: a user, a database, a password from a file.
FROM python:3.13-slim
RUN apt-get update && apt-get install -y --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/* \
    && ln -s /usr/lib/postgresql/*/bin /usr/lib/postgresql/bin \
    && usermod -u 70 postgres && groupmod -g 70 postgres \
    && install -d -o 70 -g 70 -m 0700 /var/lib/postgresql/data && chown 70:70 /var/run/postgresql
COPY postgres.sh /usr/local/bin/begin
ENV PATH=/usr/lib/postgresql/bin:$PATH PGDATA=/var/lib/postgresql/data
ENTRYPOINT ["sh", "/usr/local/bin/begin"]
