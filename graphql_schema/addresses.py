"""Postal addresses as clients give them: of a delivery, of a store's returns."""

import strawberry

from app.employees.values import PostalAddress as Address


@strawberry.input(description="Where goods are sent to. Kept encrypted.")
class AddressInput:
    recipient: str = strawberry.field(description="Up to 60 characters.")
    phone: str = strawberry.field(description="11 digits, or +86 with them.")
    province: str = strawberry.field(description="Up to 60 characters.")
    city: str = strawberry.field(description="Up to 60 characters.")
    district: str = strawberry.field(description="Up to 60 characters; empty where there is none.")
    street: str = strawberry.field(description="Street and number, up to 200 characters.")

    def to_value(self) -> Address:
        return Address(
            recipient=self.recipient,
            phone=self.phone,
            province=self.province,
            city=self.city,
            district=self.district,
            street=self.street,
        )


@strawberry.type(description="Where goods are sent to.")
class PostalAddress:
    recipient: str = strawberry.field(description="Up to 60 characters.")
    phone: str = strawberry.field(description="E.164.")
    province: str = strawberry.field(description="Up to 60 characters.")
    city: str = strawberry.field(description="Up to 60 characters.")
    district: str = strawberry.field(description="Up to 60 characters; empty where there is none.")
    street: str = strawberry.field(description="Street and number, up to 200 characters.")


def to_address(value: Address) -> PostalAddress:
    return PostalAddress(
        recipient=value.recipient,
        phone=value.phone,
        province=value.province,
        city=value.city,
        district=value.district,
        street=value.street,
    )
