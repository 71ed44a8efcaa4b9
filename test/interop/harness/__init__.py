"""What the interoperability tests share: servers, clients, OMEMO, terminals, the search for
plaintext."""
