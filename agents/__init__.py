"""Who works: five agents, each with its own prompt, tools and brain.

One module an agent: ``build(llm, tools, prompts)``.
"""
