"""What people's connections meet first: an asyncio gateway (RFC 9110, 3.7) in front of gunicorn.

A thread of gunicorn costs much and there are few, a connection here costs some kilobytes. So slow
clients wait here: a request goes to a thread once its head, and its body up to a limit, have
arrived; what a thread answers is taken from it at once, up to that limit; files are sent from here.
Larger bodies and answers are streamed, and those that are slow give way when threads run short.

It imports no Django: its limits come with its command line.
"""
