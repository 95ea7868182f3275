"""What clickkit needs to run on AWS."""
