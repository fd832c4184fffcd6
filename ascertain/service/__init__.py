"""The service: webhooks in and the API, over HTTP. Routers are one module a subject; who may call is decided in
``auth``, how an error looks in ``problems``, how much is taken in ``limits`` and ``bodies``.
"""
