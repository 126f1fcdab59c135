"""Answers, hints and solutions, which the pages fold away: on paper, the end of the chapter."""

from __future__ import annotations

import re
from copy import copy

from bs4 import BeautifulSoup, NavigableString, Tag

from formats.chapter import FormatError, anchor, page_of, plain

ANSWERS = "Answers, hints and solutions"
"""The heading under which a chapter keeps what its pages fold away."""


class Answers:
    """The answers, hints and solutions of a chapter, in their order.

    Parameters
    ----------
    soup : BeautifulSoup
        What makes new elements.
    stem : str
        The chapter.
    """

    def __init__(self, soup: BeautifulSoup, stem: str) -> None:
        self.soup = soup
        self.stem = stem
        self.entries: list[Tag] = []

    def add(self, title: list, content: list, place: Tag, label: str) -> Tag:
        """Add an entry, and return the link that leads to it.

        Parameters
        ----------
        title, content : list of nodes
            The entry; its title leads back.
        place : Tag
            Where it was folded away.
        label : str
            The text of the link.

        Returns
        -------
        Tag
        """
        number = len(self.entries) + 1
        if not place.get("id"):
            place["id"] = anchor(self.stem, f"asks-{number}")
        target = anchor(self.stem, f"answer-{number}")
        entry = self.element("div", *content, id=target, name="answer")
        back = self.element("a", *title, href="#" + place["id"])
        entry.insert(0, self.element("p", back, name="answer-title"))
        self.entries.append(entry)
        link = self.element("a", NavigableString(label), href="#" + target)
        return self.element("span", link, page_of(self.soup, link["href"]), name="see")

    def element(
        self, tag: str, *children: Tag | NavigableString, name: str = "", **attributes: str
    ):
        """Return a new element of a class."""
        result = self.soup.new_tag(tag, attrs={**attributes, **({"class": name} if name else {})})
        result.extend(children)
        return result

    def line(self, *links: Tag) -> Tag:
        """Return a paragraph for links to entries."""
        return self.element("p", *links, name="see-answers")

    def of_question(self, question: Tag) -> None:
        """Leave the choices of a quick question; take what is said about each."""
        title = detach_title(question)
        choices, content = self.element("ol", name="choices"), []
        for letter, choice in zip("ABCDEFGH", question.select(".answer"), strict=False):
            choice.extract()
            words = detach_title(choice)
            choices.append(self.element("li", *copies(words)))
            again = self.element("p", NavigableString(f"{letter}. "), *words, name="choice")
            content += [again, *list(choice.children)]
        question.insert(0, self.element("p", *copies(title), name="admonition-title"))
        see = self.add(title, content, question, "Answer")
        question.extend([choices, self.line(see)])

    def of_prediction(self, block: Tag, heading: Tag) -> None:
        """Take the answer to a question of the text."""
        title = detach_title(block)
        label = "".join(node.get_text() for node in title).strip()
        place = block.find_previous_sibling("p") or heading
        words = [NavigableString(f"{plain(heading)}: "), *title]
        see = self.add(words, list(block.children), place, label)
        block.replace_with(self.line(see))

    def of_exercise(self, block: Tag, kind: str) -> None:
        """Take a hint or a solution, and leave a link in the box of its exercise."""
        exercise = block.find_previous(class_="exercise")
        if exercise is None:
            raise FormatError(f"{self.stem}: {plain(block)[:60]!r} belongs to no exercise")
        name = plain(exercise.select_one(".admonition-title"))
        detach_title(block)
        title = [NavigableString(f"{kind} {'to' if kind == 'Solution' else 'for'} {name}")]
        see = self.add(title, list(block.children), exercise, kind)
        line = exercise.select_one(".see-answers")
        if line is None:
            exercise.append(self.line(see))
        else:
            line.append(see)
        block.decompose()


def move_answers(soup: BeautifulSoup, body: Tag, stem: str) -> None:
    """Collect answers, hints and solutions at the end, each linked from its place and back.

    Notes that are folded for other reasons stay where they are, open.
    """
    answers = Answers(soup, stem)
    for block in body.select(".admonition.question, .dropdown"):
        classes = set(block["class"])
        heading = block.find_previous("h2")
        title = block.select_one(".admonition-title")
        answer = title is not None and re.match(r"(The )?answer\b", plain(title), re.I)
        if "question" in classes:
            answers.of_question(block)
        elif "answer" in classes:
            continue  # went with its question
        elif "hint" in classes or "solution" in classes:
            answers.of_exercise(block, "Hint" if "hint" in classes else "Solution")
        elif heading is not None and (answer or plain(heading) == "Predict"):
            answers.of_prediction(block, heading)
        else:
            block["class"] = [name for name in block["class"] if name != "dropdown"]
    if answers.entries:
        heading = answers.element("h2", NavigableString(ANSWERS))
        section = answers.element("section", heading, *answers.entries, name="answers")
        section["id"] = anchor(stem, "answers")
        body.h1.find_parent("section").append(section)


def detach_title(block: Tag) -> list:
    """Take the title off an admonition and return what was in it, without links."""
    title = block.select_one(".admonition-title")
    if title is None:
        return []
    title.extract()
    for link in title.find_all("a"):
        link.unwrap()
    return list(title.children)


def copies(nodes: list) -> list:
    """Return copies of nodes, to be used in a second place."""
    return [copy(node) for node in nodes]
