"""Level words: what a text says about how well, on the five-level scale. Rules, not a model, so that each can be read.

The scale follows the usual five steps of Dreyfus & Dreyfus 1980: awareness, foundation, practitioner, advanced, expert.
"""

from __future__ import annotations

import re

from ascertain.domain.skills import Level

_CUES: tuple[tuple[Level, str], ...] = (
    (
        Level.EXPERT,
        r"world[- ]class|(?:recogni[sz]ed|acknowledged|company'?s|our|the|go-to|subject[- ]matter|deep|"
        r"in-house) experts?|"
        r"experts? (?:in|on|at|for|level)|expert(?:ise|ly)?\b(?! (?:help|advice|guidance|support|team|panel))|"
        r"(?:mastery of|mastered|mastering)|authority on|sets? the (?:company )?standards?|"
        r"(?:wrote|writes|writing|authored) (?:the |our )?(?:standards?|guidelines?|playbooks?|book)|keynote|"
        r"(?:consulted|asked) by other (?:teams|departments)",
    ),
    (
        Level.ADVANCED,
        r"advanced|in[- ]depth|sophisticated|senior[- ]level|professional[- ]level|"
        r"(?:led|leads|leading|headed|spearheaded) (?:the|a|an|our|its|his|her|their|two|three|four|several|all|"
        r"company|development|design|migration)|"
        r"(?:taught|teaches|teaching|trained|trains|mentored|mentors|mentoring|coached|coaches) "
        r"(?:(?:a|an|the|two|three|four|five|several|other|new|junior|our|all|his|her|their|his or her)\b|"
        r"colleagues|juniors|staff|others|peers|apprentices|interns|teams?)|"
        r"(?:architected|architects?|designed) (?:the|our|a|an) (?:whole|entire|overall|company)|"
        r"(?:introduced|established|rolled out) .{0,40}(?:across|company[- ]wide|for the whole|in all teams)|"
        r"highly (?:skilled|proficient|experienced)|very (?:strong|experienced|confident)|extensive|complex|"
        r"outstanding|exceptional(?:ly)?",
    ),
    (
        Level.PRACTITIONER,
        r"intermediate|independently|on (?:his|her|their|your|its) own|without (?:any )?(?:help|supervision|"
        r"support|assistance)|"
        r"unaided|autonomously|self-sufficient|proficient|proficiency|solid|competent(?:ly)?|confident(?:ly)?|"
        r"reliabl[ey]|hands-on(?! (?:introduction|intro|course|workshop|training|labs?|projects?))|practitioner|"
        r"working knowledge|day-to-day|single-handed(?:ly)?|in production|go beyond|builds? on",
    ),
    (
        Level.FOUNDATION,
        r"beginners?|basics?|fundamentals?|foundations?|foundational|elementary|first steps|from scratch|"
        r"with (?:some |a little |regular )?(?:help|support|guidance|supervision|assistance)|under supervision|"
        r"getting started|starter|essentials|"
        r"entry[- ]level|new to|no (?:prior|previous) (?:knowledge|experience)|junior|is learning|learning to|"
        r"simple tasks",
    ),
    (
        Level.AWARENESS,
        r"introduction|introductory|intro|awareness|overview|familiaris|familiariz|familiar with|aware of|heard of|"
        r"first contact|taster|at a glance|primer|what is|101|novice|rudimentary|a first look|sat in on|"
        r"observed|shadowed",
    ),
)
_LEVELS = tuple((level, re.compile(rf"\b(?:{pattern})(?!\w)", re.I)) for level, pattern in _CUES)
_NEGATED = re.compile(
    r"(?:\bnot\b|n['’]t\b|\bno\b(?! longer)|\bnever\b|\bwithout\b|\bnot yet\b|\bfar from\b|\bhardly\b|"
    r"\blacks?\b|\brather than\b|"
    r"\bbefore the\b|\btowards?\b|\baims? (?:to|for)\b|\bwants? to\b|\bhopes? to\b)[^.;,:]{0,25}$",
    re.I,
)
_SUBJECT = re.compile(r"\W*\w+ing\b", re.I)
"""A gerund that a text begins with is its subject and no praise: "Mastering Cold Calls" teaches beginners, too."""
_SELF_NEGATING = re.compile(r"^(?:without|no |unaided|new to)", re.I)

_NAMES = {
    Level.AWARENESS: ("awareness", "introduction", "introductory", "intro", "novice", "1", "level 1", "l1", "a1"),
    Level.FOUNDATION: (
        "foundation", "foundational", "beginner", "basic", "basics", "elementary", "fundamental", "fundamentals",
        "entry", "entry level", "2", "level 2", "l2", "a2", "associate",
    ),
    Level.PRACTITIONER: (
        "practitioner", "intermediate", "medium", "mid", "proficient", "competent", "3", "level 3", "l3", "b1", "b2",
        "working", "independent",
    ),
    Level.ADVANCED: ("advanced", "professional", "senior", "4", "level 4", "l4", "c1", "specialist"),
    Level.EXPERT: ("expert", "master", "mastery", "5", "level 5", "l5", "c2"),
}  # fmt: skip
_BY_NAME = {name: level for level, names in _NAMES.items() for name in names}


def level_cue(text: str) -> Level | None:
    """The level that a text's words point to; ``None`` when it says none.

    A gerund at the very beginning names what the text is about and is no cue for the upper levels ("Leading a Team").
    Of several cues the highest counts ("beginners and advanced" is rare beside "from the basics to advanced use"),
    except that a negated cue ("not yet independently") does not count at all.
    """
    subject = m.end() if (m := _SUBJECT.match(text)) else 0
    for level, pattern in _LEVELS:
        for m in pattern.finditer(text):
            if level >= Level.ADVANCED and m.start() < subject:
                continue
            if _SELF_NEGATING.match(m.group()) or not _NEGATED.search(text[max(0, m.start() - 40) : m.start()]):
                return level
    return None


def course_level(name: str) -> Level | None:
    """The level that a catalogue's level name stands for (``Beginner``, ``Intermediate``, ``B2``, ``Level 3``).

    A name of several levels ("Beginner to Intermediate") counts as its lowest, which is where the course begins;
    "all levels", "mixed" and unknown names give ``None``.
    """
    low = re.sub(r"[\s_-]+", " ", name.strip().lower()).removesuffix(" level").strip()
    if low in _BY_NAME:
        return _BY_NAME[low]
    parts = [p.strip() for p in re.split(r"\s*(?:/|,|\bto\b|–|\+|\band\b)\s*", low) if p.strip()]
    levels = [_BY_NAME[p] for p in parts if p in _BY_NAME]
    return min(levels) if levels and len(levels) == len(parts) else None
