"""A day's news as it comes: one item in fifty is about IT, telecom or digital matters of a state, the rest is what newspapers are full of.

How it is made: of fifty items, one is drawn from the corpus' `diplomacy` and `domestic` items; four are drawn from its `other` items, in all
its languages, near misses all of them; forty-five are written by the generator below from nine desks, weighed about as a wire agency's day
is (sport, crime and local matters most; other diplomacy and gossip on gadgets in their share). A written item carries the vocabulary of its
desk, real countries, titles, companies and weekdays, and no sentence of the corpus. Words of the subject do come up in it, as they do in life: a
minister opens a road, an embassy hosts a concert, a footballer signs, a phone is reviewed.
"""

import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

CORPUS: Final = Path(__file__).resolve().parents[1] / "corpus"
OF: Final = 50
FROM_OTHERS: Final = 4  # of fifty

Desk = tuple[int, tuple[str, ...], tuple[str, ...]]  # weight, titles, sentences

SLOTS: Final[Mapping[str, tuple[str, ...]]] = {
    "person": (
        "Daniel Osei",
        "Maria Lindqvist",
        "Ahmed Farouk",
        "Priya Menon",
        "Tom Brennan",
        "Lucia Ferrer",
        "Yuki Tanabe",
        "Oleg Marchenko",
        "Grace Wanjiru",
        "Imran Qureshi",
    ),
    "town": ("Leeds", "Mombasa", "Multan", "Porto", "Izmir", "Gdansk", "Cebu", "Rosario", "Nagpur", "Kumasi", "Sfax", "Busan"),
    "country": (
        "France",
        "Kenya",
        "Pakistan",
        "Brazil",
        "Turkey",
        "Japan",
        "Egypt",
        "Canada",
        "Indonesia",
        "Poland",
        "India",
        "China",
        "the United States",
        "Germany",
    ),
    "other": (
        "Italy",
        "Ghana",
        "Qatar",
        "Chile",
        "Vietnam",
        "Spain",
        "Morocco",
        "Uzbekistan",
        "Australia",
        "Saudi Arabia",
        "Russia",
        "South Korea",
    ),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "number": ("three", "seven", "12", "40", "150", "2,300", "18,000"),
    "percent": ("0.4", "1.2", "2.7", "3.5", "6", "11"),
    "club": ("Rovers", "City", "United", "Athletic", "Lions", "Wanderers", "Falcons"),
    "firm": ("Northgate Foods", "Aurora Steel", "Halden Motors", "Samsung", "Apple", "Maple Airways", "Zeta Cement", "Google"),
    "gadget": ("phone", "tablet", "pair of earbuds", "laptop", "smart watch", "console"),
    "ministry": ("transport", "health", "agriculture", "education", "energy", "labour"),
}
DESKS: Final[Mapping[str, Desk]] = {
    "sport": (
        20,
        (
            "{club} beat {club} in {town} derby",
            "{person} signs for {club} on a two-year deal",
            "{country} name squad for {other} series",
            "Late goal sends {club} through",
        ),
        (
            "{person} scored twice before half-time and {club} never looked back on {day}.",
            "The coach said the pitch in {town} had been heavy after the rain.",
            "{country} meet {other} in the quarter-final next {day}.",
            "Tickets for the return leg sold out in {number} minutes.",
            "The captain, {person}, left the field with a knee injury and will be out for {number} weeks.",
            "It was the club's first away win since March, before a crowd of 18,000.",
            "The federation fined both sides for the brawl that followed the final whistle.",
            "{person} agreed personal terms and had his medical on {day}.",
        ),
    ),
    "crime": (
        14,
        (
            "Two held after robbery in {town}",
            "{town} court jails driver for {number} months",
            "Police seek witnesses to {town} stabbing",
            "Gang that stole copper wire is caught",
        ),
        (
            "Police in {town} arrested {number} people in raids before dawn on {day}.",
            "The suspect, {person}, denies the charges and is due in court on {day}.",
            "Officers found cash, {number} mobile phones and a pistol at the house.",
            "A neighbour said she had heard shouting shortly after midnight.",
            "The judge said the offence was so serious that only custody would do.",
            "Detectives appealed for anyone with footage from a doorbell camera to come forward.",
            "The victim, a shopkeeper of 54, is in a stable condition.",
        ),
    ),
    "weather": (
        8,
        ("Heavy rain closes roads round {town}", "Heatwave to last until {day}, forecasters say", "Snow cuts off {number} villages"),
        (
            "Up to {number} millimetres fell in an hour, the weather service said on {day}.",
            "Schools in {town} stayed shut and buses ran to a reduced timetable.",
            "Farmers fear for the harvest if the dry spell lasts another week.",
            "The river stands a metre above its mark and is still rising.",
            "Power was restored to most of the {number} homes by evening.",
            "Temperatures will drop by the weekend as cold air arrives from the north.",
        ),
    ),
    "markets": (
        12,
        (
            "Stocks slip as {firm} warns on profit",
            "{country} inflation eases to {percent} percent",
            "Oil steadies ahead of producers' meeting",
            "{firm} to cut {number} jobs",
        ),
        (
            "Shares in {firm} fell {percent} percent on {day} after it cut its forecast.",
            "The central bank of {country} left its rate unchanged and hinted at a cut in spring.",
            "Analysts had expected growth of {percent} percent in the quarter.",
            "The rupee closed a shade stronger against the dollar in thin trade.",
            "{firm} blamed the price of energy and weak demand in {other}.",
            "Investors await data on jobs from {country} on {day}.",
            "Gold was little changed while copper lost {percent} percent.",
        ),
    ),
    "politics": (
        12,
        (
            "Opposition walks out of {country} parliament",
            "{ministry} minister survives vote of confidence",
            "Mayor of {town} will not stand again",
            "{country} sets date for election",
        ),
        (
            "The prime minister told parliament on {day} that the budget would be passed in time.",
            "{person}, who leads the opposition, called the bill an insult to pensioners.",
            "The {ministry} minister promised {number} new posts by the end of the year.",
            "A poll puts the governing party {percent} points ahead.",
            "The governor of the province asked for more money for roads.",
            "Members voted by a show of hands after a debate of nine hours.",
            "The cabinet will take the matter up again on {day}.",
        ),
    ),
    "celebrity": (
        8,
        ("{person} and partner expect first child", "Singer {person} cancels {town} show", "Who wore what at the {town} film festival"),
        (
            "The actor, {number} years in the business, posted the news on Instagram on {day}.",
            "Fans had queued outside the hall in {town} since morning.",
            "The couple met on the set of a series filmed in {other}.",
            "A spokesman asked that the family's privacy be respected.",
            "Her third album was streamed {number} million times in a week.",
            "The gown, by a designer from {country}, took four months to sew.",
        ),
    ),
    "local": (
        14,
        (
            "{town} library reopens after repairs",
            "Residents of {town} object to car park plan",
            "New bridge halves the way to {town} hospital",
            "Volunteers clear {number} sacks of litter",
        ),
        (
            "The council approved the plan by {number} votes on {day} evening.",
            "Mayor {person} cut the ribbon and thanked the builders.",
            "Traders fear that the works will keep customers away until summer.",
            "The school has {number} pupils and a waiting list.",
            "A petition against the closure gathered 2,300 names.",
            "The {ministry} department will pay half of the cost and the town the rest.",
            "Internet access in the reading room is free, the librarian said.",
        ),
    ),
    "other diplomacy": (
        7,
        (
            "{country} and {other} sign accord on fisheries",
            "{other} ambassador opens exhibition in {town}",
            "Foreign ministers of {country} and {other} discuss border",
            "{country} sends aid after {other} quake",
        ),
        (
            "The foreign minister of {country} met his counterpart from {other} in {town} on {day}.",
            "They discussed trade in textiles, visas and the situation on the border.",
            "The ambassador of {other} said that ties between the two peoples were centuries old.",
            "A memorandum on the exchange of museum pieces was signed in the presence of both ministers.",
            "{country} will send {number} tonnes of wheat and a field hospital.",
            "The defence attachés of both countries watched the exercise.",
            "The delegation also called on the speaker of parliament and visited a mosque.",
        ),
    ),
    "gadgets": (
        5,
        (
            "{firm} {gadget} review: fine screen, poor battery",
            "Leak shows next {firm} {gadget} in green",
            "{firm} delays its {gadget} until spring",
        ),
        (
            "The new {gadget} from {firm} weighs less than the last one and costs {number} dollars more.",
            "The battery lasted a day and a half in our test.",
            "A picture posted by a leaker on {day} shows a third camera.",
            "The chip is {percent} percent faster, the company claims, and supports 5G.",
            "Pre-orders open on {day} in {country} and {other}.",
            "Gamers will miss the old buttons, and artificial intelligence now edits the photos.",
        ),
    ),
}


def realistic_mix(count: int, seed: int) -> list[dict[str, Any]]:
    """Return `count` records in the corpus' format, always the same ones for a seed; `subject` tells those about the subject."""
    chance = random.Random(seed)
    corpus = [json.loads(line) for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    subject, others = ([record for record in corpus if (record["label"] != "other") is which] for which in (True, False))
    kinds = ["subject", *["other"] * FROM_OTHERS, *["written"] * (OF - 1 - FROM_OTHERS)]
    made: list[dict[str, Any]] = []
    while len(made) < count:
        chance.shuffle(kinds)
        for kind in kinds[: count - len(made)]:
            number = len(made)
            if kind == "written":
                made.append(written(chance, number))
            else:
                drawn = chance.choice(subject if kind == "subject" else others)
                made.append({**drawn, "id": f"{number}-{drawn['id']}", "subject": kind == "subject"})
    return made


def written(chance: random.Random, number: int) -> dict[str, Any]:
    """Return one item of ordinary news."""
    desk = chance.choices(list(DESKS), weights=[weight for weight, _, _ in DESKS.values()])[0]
    _, titles, sentences = DESKS[desk]
    lead = chance.choice(sentences)
    body = [_filled(chance, sentence) for sentence in (lead, *chance.choices(sentences, k=chance.randint(6, 14)))]
    paragraphs = [" ".join(body[at : at + 3]) for at in range(0, len(body), 3)]
    return {
        "id": f"{number}-{desk.replace(' ', '-')}",
        "lang": "en",
        "outlet": f"The {chance.choice(SLOTS['town'])} Post",
        "published": f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        "title": _filled(chance, chance.choice(titles)),
        "summary": body[0],
        "text": f"{chance.choice(SLOTS['town']).upper()}: " + "\n\n".join(paragraphs),
        "label": "other",
        "subject": False,
    }


def _filled(chance: random.Random, template: str) -> str:
    line = re.sub(r"\{(\w+)\}", lambda found: chance.choice(SLOTS[found.group(1)]), template)
    return line[0].upper() + line[1:]
