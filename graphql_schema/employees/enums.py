"""Enums of employees online, as clients see them: the same classes that the services use."""

import strawberry

from app.employees.values import Audience, EmployeeState, OrgUnitKind, Role, StaffFunction, StoreOperator

strawberry.enum(Audience, description="Whose door a sign-in opens; one phone may be a customer's and an employee's.")
strawberry.enum(
    Role, description="What an employee is, highest first. A manager's scope is a branch, a guide's the own shop."
)
strawberry.enum(EmployeeState, description="Whether a person still works for the brand.")
strawberry.enum(StaffFunction, description="What one of headquarters' people is there for. New values may be added.")
strawberry.enum(OrgUnitKind, description="Kind of an organisation unit; HEADQUARTERS is the root alone.")
strawberry.enum(StoreOperator, description="Who runs a store: the brand itself, a franchisee or a dealer.")

__all__ = ["Audience", "EmployeeState", "OrgUnitKind", "Role", "StaffFunction", "StoreOperator"]
