"""Pages and routes beside GraphQL: codes, shop pages, callbacks of payment providers, the sandbox."""
