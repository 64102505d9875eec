"""Images built and run by podman: a tool, since it takes minutes and what not every machine has."""
