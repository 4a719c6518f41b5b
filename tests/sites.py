"""Pages, written for the tests, of which the shipped model is sure what each line is."""

CONTENT = [
    "The lighthouse on the northern cape was lit again on Thursday evening after two years of repair work on its lens.",
    "According to the keeper, the storm of last winter had broken the glass and flooded the stairs up to the second floor.",
    "The council paid for most of the repair, and the fishermen of the village collected the rest among themselves.",
    "“We could not have gone through another winter without it,” the captain of the rescue boat told visitors on the pier.",
]
NAVIGATION = ["Home", "News", "Sport", "Contact us"]
COMMENT_FORM = ["Leave a Reply", "Your email address will not be published."]


def page(number: int) -> str:
    """A page as a text, each its own."""
    story = [
        CONTENT[0],
        f"It was report number {number} of the harbour office in this year, the office said in a statement.",
        *CONTENT[1:],
    ]
    return "\n".join([*NAVIGATION, *story, *COMMENT_FORM])


def html(number: int) -> str:
    """The same page as HTML."""
    lines = page(number).split("\n")
    menu = "".join(f"<li><a href='/{i}'>{line}</a></li>" for i, line in enumerate(lines[:4]))
    story = "".join(f"<p>{line}</p>" for line in lines[4:-2])
    form = f"<form><h3>{lines[-2]}</h3><p>{lines[-1]}</p><textarea></textarea></form>"
    head = f"<!doctype html><html lang=en><head><meta charset=utf-8><title>Page {number}</title></head>"
    return f"{head}<body><nav><ul>{menu}</ul></nav><article>{story}</article>{form}</body></html>"
