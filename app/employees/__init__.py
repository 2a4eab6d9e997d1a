"""Employees online (员工在线): organisation units, stores, employees, sessions, sign-in codes. Called by everything above."""
