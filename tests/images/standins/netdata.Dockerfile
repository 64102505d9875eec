# Answers nothing of use: what is tried here asks it nothing.
FROM python:3.13-slim
ENTRYPOINT ["sh", "-c", "exec python -m http.server 19999"]
