"""What a change set would do to one resource."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Change(msgspec.Struct, frozen=True):
    """What a change set would do to one resource; `replaces`: no, maybe or yes."""

    action: str
    name: str
    kind: str
    replaces: str = "no"

    def __str__(self) -> str:
        """Return the line that is shown."""
        said = {"no": "", "maybe": "  (perhaps replaced)", "yes": "  (REPLACED)"}[self.replaces]
        return f"{self.action:<7} {self.name:<24} {self.kind}{said}"


def change_of(found: Mapping[str, Any]) -> Change:
    """Return the change of a ResourceChange as CloudFormation describes it."""
    replaces = {"True": "yes", "Conditional": "maybe"}.get(found.get("Replacement", ""), "no")
    return Change(found["Action"], found["LogicalResourceId"], found["ResourceType"], replaces)
