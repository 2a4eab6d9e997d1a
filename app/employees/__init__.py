"""Employees online (员工在线): organisation units, stores, employees, sessions, sign-in codes.

Everything above may call it; it tells the others by `events`. Sessions and codes serve customers too.
"""
