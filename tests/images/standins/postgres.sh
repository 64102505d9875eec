# Make the database where there is none, then serve it.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 --auth-local=trust
    printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    pg_ctl --wait -o "-c listen_addresses=" start
    createdb --username="$POSTGRES_USER" --host=/var/run/postgresql "$POSTGRES_USER"
    pg_ctl --wait stop
fi
exec postgres -c listen_addresses='*'
