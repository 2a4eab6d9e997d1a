"""Outside parties: each has a protocol that the product talks to, and an adapter that speaks the party's language."""
