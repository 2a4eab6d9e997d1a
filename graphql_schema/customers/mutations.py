"""Mutations of customers online: signing in and out, which employees share."""

import strawberry

from graphql_schema.customers.session_mutations import SessionMutation


@strawberry.type
class CustomersMutation(SessionMutation):
    pass
