"""The same questions on larger engines: a metric's SELECT as Spark says it, or Trino, which is Athena."""
