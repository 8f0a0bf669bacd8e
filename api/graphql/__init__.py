"""GraphQL: a public and a staff schema that share no type, over one way of answering."""
