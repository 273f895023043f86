"""An asyncio gateway (RFC 9110, 3.7) in front of gunicorn, which accepts all connections.

A thread of gunicorn is expensive and there are few; a connection of the gateway costs some
kilobytes. So slow clients wait here. A request gets a thread when its head, and its body up to a
limit, have arrived. The gateway takes a thread's answer at once, up to the same limit, and sends
files itself. Larger bodies and answers are streamed; slow ones give way when threads run short.

The gateway imports no Django: its limits come with its command line.
"""
