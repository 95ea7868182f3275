"""clickkit in an AWS account: deployed, looked at, and taken away again."""
