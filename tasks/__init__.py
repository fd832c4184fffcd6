"""What is asked: one module a task with its answer schema, its check and ``build(agent, desk, prompts)``.

A check is code: it drops what does not stand up against the case, counts it on the desk, and puts the rest there.
"""
