"""Python's fast way: each program in a process forked from an interpreter that has imported what all of them import."""

import os

from fastpath import FastPath
from processes import ENVIRONMENT

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "server.py")


class Fast(FastPath):
    """Runs a program's only step in a child of server.py."""

    def __init__(self, bench):
        super().__init__(bench)
        self._server = None

    def run(self, program):
        """The facts about a program that lies in the sample's folder."""
        (step,) = program["steps"]
        if self._server is None:  # its environment is the programs'
            self._server = self.bench.fork_server(["python3", "-s", SERVER], {**ENVIRONMENT, **step["environment"]})
        return self.bench.execute(step, start=self._server)
