"""The sandbox of a process that works on hostile bytes; each layer exists where the system has it.

A process applies the layers to itself, in the order of :mod:`separation.sandbox.confine`. It cannot
remove them again.
"""
