"""The accounts that every server of the lab knows; the passwords were made for it and protect nothing."""

ALICE = "Looking-glass7"
BOB = "Grüße aus Köln"
USERS = {"alice": ALICE, "bob": BOB}
GOOD_TOKEN = "lab-good-token"
