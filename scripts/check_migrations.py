"""Prove that the migrations build what the models declare; prints the differences and fails if there are any."""

import os
import sys
import tempfile
from pathlib import Path

from app.platform.embedded import running_servers
from app.platform.migrations import check, upgrade
from app.platform.settings import Settings


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="guideshop-check-") as folder:
        os.chmod(folder, 0o755)  # root's server runs as another user
        settings = Settings(app_home=Path(folder), database_url="", database_owner_url="", redis_url="unix:///unused")
        with running_servers(settings) as servers:
            upgrade(servers.database_owner_url)
            upgrade(servers.database_owner_url)  # a second run finds nothing to do
            differences = check(servers.database_owner_url)
    for line in differences:
        print(line)
    print(f"migrations and models: {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
