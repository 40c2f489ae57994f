"""The quick ways of the normal forms give what the slow ways give."""

import random
import re
import unicodedata

import phonenumbers

from mailgenius.product.leads import normalise


def test_the_usual_numbers_are_what_the_numbering_plans_make_of_them():
    dice = random.Random(4)
    for _ in range(300):
        area = f"{dice.randint(1, 9)}{dice.randint(1, 9)}"
        local = dice.choice(
            [f"9{dice.randrange(10**8):08d}", f"{dice.randint(2, 5)}{dice.randrange(10**7):07d}"]
        )
        written = dice.choice(["+55", "55", ""]) + area + local
        parsed = phonenumbers.parse(written, normalise.PHONE_REGION)
        assert phonenumbers.is_possible_number(parsed)
        e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        assert normalise.phone(written) == e164 == f"+55{area}{local}"


def test_texts_are_cleaned_alike_whatever_is_in_them():
    dice = random.Random(5)
    letters = "ab é ç\u0301e\u0301 \u200b\u00ad\ufeff\t\n\x00\x7f\u00a0\u2003 日🎉  -"
    for _ in range(2000):
        raw = "".join(dice.choices(letters, k=dice.randint(0, 12)))
        bare = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", re.sub(f"[{normalise.INVISIBLE}]", "", raw))
        text = unicodedata.normalize("NFC", bare).strip()[:5]
        assert normalise.text(raw, limit=5) == text
        whole = unicodedata.normalize("NFC", bare).strip()[:20]
        assert normalise.line(raw, limit=5) == re.sub(r"\s+", " ", whole).strip()[:5].rstrip()
