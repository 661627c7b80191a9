"""The report as PDF: the page as a browser on this machine prints it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.errors import InputError
from harness.files import write_whole

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
TIMEOUT_S = 180


def write_pdf(page: str, path: Path) -> None:
    """Print an HTML page to a file; its first page is the overview.

    Raises:
        InputError: There is no browser to print with, or it failed.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        remedy = (
            "install one (Debian: apt-get install --no-install-recommends chromium), or print report.html"
        )
        raise InputError(
            "--format pdf", "", f"needs a browser: none of {', '.join(BROWSERS)} is here", remedy
        )
    with tempfile.TemporaryDirectory() as scratch:
        source, printed = Path(scratch) / "report.html", Path(scratch) / "report.pdf"
        source.write_text(page, encoding="utf-8", errors="replace")
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            f"--user-data-dir={scratch}/profile", "--no-pdf-header-footer", f"--print-to-pdf={printed}",
            source.as_uri(),
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise InputError(
                browser, "", f"did not print within {TIMEOUT_S} s", "print report.html"
            ) from None
        if not printed.exists():
            said = " ".join(done.stderr.split())[-200:]
            raise InputError(
                browser, "", f"could not print (exit {done.returncode}): {said}", "print report.html"
            )
        write_whole(path, printed.read_bytes())
