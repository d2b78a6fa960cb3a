"""What we remember; the only place that says SQL or Peewee."""

from db.access import AccessRecord, record_access
from db.alerts import Alert
from db.batches import Later, take_batch
from db.blocks import Block
from db.cases import Case, open_case
from db.hints import keep_hint
from db.jobs import Job, bury
from db.keys import Key, keys_of, store_keys
from db.letters import Letter, keep_letter, letter_of
from db.master_keys import MasterKeyProof, ShopKey
from db.news import Taken, Terms, Told, take_news
from db.notices import NewNotice, Notice, keep_notice, open_notice, seal_notice
from db.orders import Line, Move, NewLine, Order, claim_due, place_order
from db.payments import Payment, claim_polls, open_payment
from db.products import Product, active_products, put_products
from db.purchases import Purchase, PurchaseMove, purchases_of
from db.refused import Refused
from db.replays import Replay
from db.stuck import Beat

__all__ = [
    "AccessRecord",
    "Alert",
    "Beat",
    "Block",
    "Case",
    "Job",
    "Key",
    "Later",
    "Letter",
    "Line",
    "MasterKeyProof",
    "Move",
    "NewLine",
    "NewNotice",
    "Notice",
    "Order",
    "Payment",
    "Product",
    "Purchase",
    "PurchaseMove",
    "Refused",
    "Replay",
    "ShopKey",
    "Taken",
    "Terms",
    "Told",
    "active_products",
    "bury",
    "claim_due",
    "claim_polls",
    "keep_hint",
    "keep_letter",
    "keep_notice",
    "keys_of",
    "letter_of",
    "open_case",
    "open_notice",
    "open_payment",
    "place_order",
    "purchases_of",
    "put_products",
    "record_access",
    "seal_notice",
    "store_keys",
    "take_batch",
    "take_news",
]
