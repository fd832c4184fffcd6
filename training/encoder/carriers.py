"""Sentences that carry a skill's name, in the manner of the texts an LMS and an HRIS hold.

ESCO names skills by an infinitive ("manage staff") and knowledge by a noun phrase ("statistics"); both need sentences
of their own. Courses say "managing staff", reviews and projects "managed staff", so the leading verb is inflected.
"""

from __future__ import annotations

import random

from training.encoder.sources import Concept

VOWELS = "aeiou"
DOUBLING = {
    "begin", "chop", "clip", "control", "cut", "debug", "dig", "drag", "drop", "equip", "expel", "fit", "get",
    "grip", "hem", "knit", "log", "map", "mop", "net", "omit", "outfit", "patrol", "permit", "pin", "plan",
    "plot", "plug", "program", "prep", "put", "quiz", "refer", "regret", "rid", "rig", "rip", "rub", "run",
    "scan", "scrap", "scrub", "set", "shop", "ship", "sit", "skim", "skin", "slit", "snap", "spin", "split",
    "spot", "step", "stir", "stop", "strip", "submit", "swap", "tag", "tan", "top", "transfer", "transmit",
    "travel", "trim", "tap", "upset", "win", "wrap", "zip",
}  # fmt: skip
IRREGULAR = {
    "be": "was", "become": "became", "begin": "began", "bend": "bent", "bind": "bound", "breed": "bred",
    "bring": "brought", "build": "built", "buy": "bought", "cast": "cast", "catch": "caught", "choose": "chose",
    "come": "came", "cut": "cut", "deal": "dealt", "dig": "dug", "do": "did", "draw": "drew", "drive": "drove",
    "feed": "fed", "find": "found", "fly": "flew", "foresee": "foresaw", "get": "got", "give": "gave", "go": "went",
    "grind": "ground", "grow": "grew", "have": "had", "hold": "held", "keep": "kept", "know": "knew", "lay": "laid",
    "lead": "led", "leave": "left", "lend": "lent", "make": "made", "meet": "met", "oversee": "oversaw", "put": "put",
    "read": "read", "ride": "rode", "run": "ran", "see": "saw", "seek": "sought", "sell": "sold", "send": "sent",
    "set": "set", "shoot": "shot", "show": "showed", "sing": "sang", "sit": "sat", "speak": "spoke", "spend": "spent",
    "spin": "spun", "split": "split", "spread": "spread", "stand": "stood", "strive": "strove", "take": "took",
    "teach": "taught", "tell": "told", "think": "thought", "understand": "understood", "undertake": "undertook",
    "wear": "wore", "weave": "wove", "win": "won", "write": "wrote",
}  # fmt: skip


def gerund(phrase: str) -> str:
    """ "manage staff" → "managing staff"."""
    verb, _, rest = phrase.partition(" ")
    if verb.endswith("ie"):
        form = verb[:-2] + "ying"
    elif verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "be":
        form = verb[:-1] + "ing"
    else:
        form = (verb + verb[-1] if verb in DOUBLING else verb) + "ing"
    return f"{form} {rest}".strip()


def past(phrase: str) -> str:
    """ "manage staff" → "managed staff"."""
    verb, _, rest = phrase.partition(" ")
    if verb in IRREGULAR:
        form = IRREGULAR[verb]
    elif verb.endswith("e"):
        form = verb + "d"
    elif verb.endswith("y") and len(verb) > 1 and verb[-2] not in VOWELS:
        form = verb[:-1] + "ied"
    else:
        form = (verb + verb[-1] if verb in DOUBLING else verb) + "ed"
    return f"{form} {rest}".strip()


# {n} noun phrase, {v} infinitive, {g} gerund, {p} past tense.
POSTING_NOUN = (
    "Experience with {n}", "Experience in {n} is required.", "Strong knowledge of {n}.", "* {n}",
    "Good understanding of {n} and related practices", "Proven expertise in {n}", "Familiarity with {n} is a plus.",
    "You have a background in {n}.", "{n} skills", "Proficient in {n}, with a keen eye for detail.",
    "Knowledge of {n} required", "Solid {n} experience", "3+ years of hands-on experience with {n}",
    "You know your way around {n} and are eager to learn more .",
)  # fmt: skip
POSTING_VERB = (
    "You will {v}.", "Ability to {v}", "Responsibilities include the ability to {v} on a daily basis.", "* {v}",
    "In this role you will {v} and report to the manager.", "You are able to {v}.", "Must be able to {v}",
    "The successful candidate will {v}.", "We are looking for someone who can {v}.", "Be responsible to {v}",
    "Experience {g}", "Proven track record of {g} in a fast paced environment",
    "You will be {g} together with the team .",
)  # fmt: skip
TITLE_NOUN = (
    "Introduction to {n}", "{n}: Foundations", "{n} for Beginners", "Advanced {n}", "{n} in Practice", "{n} Essentials",
    "Certified in {n}", "Understanding {n}", "Getting started with {n}", "{n} - Level 2", "Masterclass: {n}",
    "Refresher: {n}", "{n} for managers", "Workshop on {n}", "{n}",
)  # fmt: skip
TITLE_VERB = (
    "How to {v}", "{g}", "{g}: the basics", "Learn to {v}", "Advanced course: {g}", "{g} in Practice",
    "Workshop: {g}", "{g} with confidence", "The art of {g}",
)  # fmt: skip
COURSE_NOUN = (
    "In this course you learn the basics of {n}.", "Participants practise {n} on real cases from work.",
    "By the end you can use {n} on your own.", "The second module is about {n}.",
    "Covers {n} step by step, with exercises.",
    "A hands-on day about {n}; no previous knowledge needed.", "Topics include {n}.", "Deepen your knowledge of {n}.",
)  # fmt: skip
COURSE_VERB = (
    "By the end you will be able to {v}.", "Participants learn how to {v}.", "You practise {g} in small groups.",
    "This module shows how to {v} and which mistakes to avoid.", "We cover {g}, step by step.",
    "Learn to {v} with exercises from daily work.",
)  # fmt: skip
REVIEW_NOUN = (
    "She is strong in {n} and others ask her for help.", "He has grown a lot in {n} this year.",
    "Shows solid {n} in daily work.", "Her {n} stood out in the last quarter.", "Our go-to person for {n}.",
    "Feedback from colleagues praises his {n}.",
)  # fmt: skip
REVIEW_VERB = (
    "She {p} without any help.", "He can {v} on his own by now.", "She is good at {g}.", "Last quarter he {p}.",
    "Colleagues value the way she is {g}.", "He often helps the team to {v}.",
)  # fmt: skip
WORK_NOUN = (
    "Project: {n} for the new customer portal.", "Resolved: problem with {n}.", "Did the {n} part of the project.",
    "Used {n} to finish the migration.", "Ticket closed after fixing {n}.", "Delivered the {n} work package on time.",
)  # fmt: skip
WORK_VERB = (
    "{p} for the new customer.", "We {p} and documented the result.", "Closed the ticket after {g}.",
    "Task: {v}.", "Led the effort of {g} across two sites.", "{p}, reviewed by two colleagues.",
)  # fmt: skip

NOUN = {"posting": POSTING_NOUN, "title": TITLE_NOUN, "course": COURSE_NOUN, "review": REVIEW_NOUN, "work": WORK_NOUN}
VERB = {"posting": POSTING_VERB, "title": TITLE_VERB, "course": COURSE_VERB, "review": REVIEW_VERB, "work": WORK_VERB}
OURS = ("title", "course", "review", "work")

LISTS = (
    "{a}, {b}", "{a} and {b}", "{a} as well as {b}", "{a} ; {b}", "{a} and also {b}", "Topics: {a}, {b} and {c}.",
    "The course covers {a}, {b} and {c}.", "You bring {a} and {b} .", "Strong in {a}, {b} and {c}.",
    "Agenda: {a}; {b}; {c}", "{a}, {b}, {c}",
)  # fmt: skip


def verbs(concepts: list[Concept]) -> frozenset[str]:
    """Words that begin the label of a skill that is no knowledge: infinitives, by ESCO's rule for labels."""
    return frozenset(c.label.split()[0] for c in concepts if not c.knowledge and c.label[:1].islower())


def carry(rng: random.Random, concept: Concept, name: str, manner: str, infinitives: frozenset[str]) -> str:
    """``name`` (the concept's label or a synonym) in a sentence of ``manner``: posting, title, course, review, work."""
    if not concept.knowledge and name.split()[0] in infinitives:
        text = rng.choice(VERB[manner]).format(v=name, g=gerund(name), p=past(name))
    else:  # knowledge, or a synonym that is a noun phrase or a gerund
        text = rng.choice(NOUN[manner]).format(n=name)
    return text[:1].upper() + text[1:]


def mix(rng: random.Random, names: tuple[str, str, str]) -> tuple[str, int]:
    """Names as a list or sentence, and how many of them (2 or 3, from the first) it holds."""
    form = rng.choice(LISTS)
    return form.format(a=names[0], b=names[1], c=names[2]), 3 if "{c}" in form else 2
