"""How many files and connections this process may have open: macOS allows 256 to who does not ask."""

import contextlib
import sys

if sys.platform != "win32":
    import resource


def raise_file_limit(wanted: int) -> int | None:
    """Raise this process's own limit to `wanted`, or as far as it may; return the limit, None without one."""
    if sys.platform == "win32":
        return None
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        asked = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        with contextlib.suppress(ValueError, OSError):  # macOS has another limit, which it does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (asked, most))
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if allowed == resource.RLIM_INFINITY else allowed
