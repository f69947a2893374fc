"""A disk that is troubled, and is well again, while a daemon works on it (disktrouble.c)."""
import os

import gate

LIBRARY = os.path.join(gate.BUILD, "disktrouble.so")


class Trouble:
    """env is for the daemon."""

    def __init__(self, field):
        assert os.path.exists(LIBRARY), f"{LIBRARY} is missing: make test-build"
        self.path = os.path.join(field.folder, "trouble")
        self.env = {"LD_PRELOAD": LIBRARY, "DISKTROUBLE": self.path,
                    "ASAN_OPTIONS": "verify_asan_link_order=0"}
        self.set()

    def set(self, sync_ms=0, sync_errno=0, write_errno=0):
        """From now on; without anything it is well."""
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(f"{sync_ms} {sync_errno} {write_errno}\n")
        os.rename(self.path + ".new", self.path)
