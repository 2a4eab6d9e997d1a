"""The GraphQL API: transport, limits and conventions here, one package per domain below.

`endpoint` answers HTTP and `socket` graphql-transport-ws; both prepare a document once (`documents`, `limits`), run it
through Strawberry and show every error by the one table of `errors`. `scalars` and `paging` are what types are made of.
"""
