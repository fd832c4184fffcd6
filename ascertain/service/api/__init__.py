"""The interface for programs under ``/v1``: one module a topic, and what they share.

``asking`` says who calls and what for, ``paging`` cuts lists, ``answers`` makes the responses, ``models_*`` say what is
in them, ``schemas`` publishes these, ``description`` is the OpenAPI document.
"""
