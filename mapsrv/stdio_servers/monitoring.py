"""What runs and what it says, for models: logs from Loki, metrics and alarms from Netdata.

`python -m mapsrv.stdio_servers.monitoring` serves MCP on stdin and stdout; LOKI_URL and NETDATA_URL name
the services. Each may be missing: its tools say so. It only reads.
"""

from __future__ import annotations

from mcp_types import ToolAnnotations

from mapsrv.stdio_servers import alarms, loki, netdata
from mapsrv.stdio_servers.backend import Backend, open_backend
from mapsrv.stdio_servers.serving import Answer, Offer, run_program, serve_stdio

_READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
)


class Monitoring:
    """What each tool does with its arguments."""

    def __init__(self, logs: Backend, metrics: Backend) -> None:
        self._logs, self._metrics = logs, metrics

    async def search_logs(self, call: loki.SearchLogs) -> Answer:
        found = await loki.search_logs(self._logs, call)
        return Answer(found, loki.told(found))

    async def get_recent_errors(self, call: loki.GetRecentErrors) -> Answer:
        found = await loki.recent_errors(self._logs, call)
        return Answer(found, loki.told(found))

    async def list_labels(self, call: loki.ListLabels) -> Answer:
        found = await loki.labels(self._logs, call)
        return Answer(found, found)

    async def query_metrics(self, call: netdata.QueryMetrics) -> Answer:
        found = await netdata.query_metrics(self._metrics, call)
        return Answer(found, netdata.told(found))

    async def get_alarms(self, call: alarms.GetAlarms) -> Answer:
        found = await alarms.alarms(self._metrics, call)
        return Answer(found, found)


def offers(logs: Backend, metrics: Backend) -> dict[str, Offer]:
    """Return the tools, on these services."""
    does = Monitoring(logs, metrics)
    return {
        "search_logs": Offer(loki.SearchLogs, loki.Lines, does.search_logs, _READS),
        "get_recent_errors": Offer(loki.GetRecentErrors, loki.Lines, does.get_recent_errors, _READS),
        "list_labels": Offer(loki.ListLabels, loki.Labels, does.list_labels, _READS),
        "query_metrics": Offer(netdata.QueryMetrics, netdata.Metrics, does.query_metrics, _READS),
        "get_alarms": Offer(alarms.GetAlarms, alarms.Alarms, does.get_alarms, _READS),
    }


async def main() -> None:
    """Serve until stdin ends; raises StartupError."""
    async with open_backend("Loki", "LOKI_URL") as logs, open_backend("Netdata", "NETDATA_URL") as metrics:
        await serve_stdio("monitoring", offers(logs, metrics))


if __name__ == "__main__":
    run_program(main)
