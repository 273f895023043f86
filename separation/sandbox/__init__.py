"""Walls around a process that works on hostile bytes; each stands where the system has it.

A process raises them around itself (:mod:`separation.sandbox.confine` says in which order), as
none of them can be taken down again.
"""
