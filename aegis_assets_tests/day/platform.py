"""The platform as it runs unattended: code server, daemon and webserver as processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

BIN = Path(sys.executable).parent
CODE, DAEMON, WEB = "code", "daemon", "web"
PATIENCE_S = 120.0

_WORKSPACE = """load_from:
  - grpc_server: {{host: 127.0.0.1, port: {port}, location_name: aegis}}
"""


_COMMANDS = {
    CODE: "dagster api grpc -m aegis_assets.definitions -h 127.0.0.1 -p {code}",
    DAEMON: "dagster-daemon run -w day.yaml",
    WEB: "dagster-webserver -w day.yaml -h 127.0.0.1 -p {web}",
}


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Unattended:
    """Processes of one home, which can be killed and started again one by one."""

    home: Path
    environment: Mapping[str, str]
    code_port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.home / "day.yaml").write_text(_WORKSPACE.format(port=self.code_port))

    def start(self, *names: str) -> None:
        """Start these processes, and wait until each can be asked."""
        for name in names:
            if name == CODE:
                self._bury()
            command = _COMMANDS[name].format(code=self.code_port, web=self.web_port).split()
            with (self.home / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(  # noqa: S603 - the project's own commands
                    [BIN / command[0], *command[1:]],
                    cwd=self.home,
                    env=dict(self.environment),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def _bury(self) -> None:
        """Mark as failed what died with a code server, as its unit does before it starts."""
        command = [BIN / "aegis", "bury"]
        subprocess.run(command, cwd=self.home, env=dict(self.environment), check=True)  # noqa: S603 - the project's own command

    def kill(self, name: str) -> None:
        """End a process and what it started, as a power cut would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in [*self.processes]:
            self.kill(name)

    def asked(self, query: str, **variables: object) -> dict[str, Any]:
        """What the webserver answers to a GraphQL query."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json"}
        url = f"http://127.0.0.1:{self.web_port}/graphql"
        with urlopen(Request(url, body, headers), timeout=30) as answer:
            told = json.load(answer)
        assert "errors" not in told, told["errors"]
        return dict(told["data"])

    def serves_code(self) -> bool:
        """Whether the code server has loaded the graph."""
        check = [BIN / "dagster", "api", "grpc-health-check", "-p", str(self.code_port)]
        environment = dict(self.environment)
        told = subprocess.run(check, env=environment, capture_output=True, check=False)  # noqa: S603 - the project's own command
        return told.returncode == 0

    def is_up(self) -> bool:
        """Whether the webserver answers and has loaded the graph."""
        try:
            told = self.asked(
                "{ workspaceOrError { ... on Workspace { locationEntries {"
                " locationOrLoadError { __typename } } } } }"
            )
        except (URLError, ConnectionError, TimeoutError):
            return False
        entries = told["workspaceOrError"]["locationEntries"]
        loaded = [(each["locationOrLoadError"] or {}).get("__typename") for each in entries]
        return loaded == ["RepositoryLocation"]


def awaited(happened: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """What came of it, once it is something."""
    deadline = time.monotonic() + patience_s
    while not (found := happened()):
        assert time.monotonic() < deadline, f"it never happened: {what}"
        time.sleep(0.2)
    return found
