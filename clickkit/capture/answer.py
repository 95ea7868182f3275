"""What the collector answers, as JSON."""

import msgspec


class Rejection(msgspec.Struct, frozen=True):
    """Why one event of a request was refused for good."""

    index: int
    field: str
    reason: str


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The collector's answer: how many events are durable, where, and which were refused for good.

    `suppressed` counts events that a visitor's privacy signal kept out; `error` is a fault of the
    request as a whole.
    """

    accepted: int
    rejected: list[Rejection]
    durability: str | msgspec.UnsetType = msgspec.UNSET
    suppressed: int = 0
    error: str | msgspec.UnsetType = msgspec.UNSET
