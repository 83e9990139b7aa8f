"""The cases planted on purpose in every size: what a real installation shows once in a while and a loader gets wrong.

Belongs here: cases about conversations, people and ids, and the list of all cases. Messages: dirty_messages.py;
moments: dirty_times.py; ratings: dirty_ratings.py. Does not belong here: what changes while the ETL runs (mutate.py).
created_at <= updated_at holds in every case: Chatwoot cannot break it.
"""

from datetime import datetime, timedelta

from etl_assets.demo.chatwoot.directory import BIG_TEAM, INT4_MAX
from etl_assets.demo.chatwoot.dirty_messages import plant_messages
from etl_assets.demo.chatwoot.dirty_ratings import plant_ratings
from etl_assets.demo.chatwoot.dirty_times import plant_times
from etl_assets.demo.chatwoot.picker import Picker

# Narrow text columns, text that looks like a missing value, and characters that break naive quoting.
NAMES = (
    "N" * 300,
    "None",
    "nan",
    "",
    None,
    "5500912345678",
    'D\'Ávila 🙂 \\N "aspas"',
    "  espaços  ",
    "Nome\tcom\ncontrole\x01",
)
ORPHAN_CONTACTS = (999_999_999, INT4_MAX + 8)
GONE_AGENT = 9998  # assigned, then removed from users
BIG_CAMPAIGN = INT4_MAX + 31


def plant(picker: Picker, *, dirty_status: bool = False) -> None:
    plant_messages(picker)
    plant_ratings(picker)
    plant_times(picker)
    _people(picker)
    _references(picker)
    _reopened(picker)
    if dirty_status:
        picker.cur.execute("UPDATE conversations SET status = 4 WHERE id = %s", [picker.one().id])


def _people(picker: Picker) -> None:
    cur = picker.cur
    # Different contacts: a returning contact's name would be overwritten by the next case.
    chosen = {each.contact_id: each for each in picker.take(2 * len(NAMES) + 6)}
    contacts = iter(chosen)
    for name in NAMES:
        cur.execute("UPDATE contacts SET name = %s WHERE id = %s", [name, next(contacts)])
    cur.execute("UPDATE contacts SET email = 'MAIUSCULA@EXAMPLE.COM' WHERE id = %s", [next(contacts)])
    cur.execute("UPDATE contacts SET phone_number = '' WHERE id = %s", [next(contacts)])
    cur.execute("UPDATE contacts SET phone_number = %s WHERE id = %s", ["+5500" + "9" * 60, next(contacts)])
    cur.execute("UPDATE contacts SET identifier = %s WHERE id = %s", ["i" * 400, next(contacts)])
    twins = [next(contacts), next(contacts)]
    cur.execute("UPDATE contacts SET phone_number = '+550099999001' WHERE id = ANY(%s)", [twins])


def _references(picker: Picker) -> None:
    cur = picker.cur
    for contact in ORPHAN_CONTACTS:
        cur.execute("UPDATE conversations SET contact_id = %s WHERE id = %s", [contact, picker.one().id])
    cur.execute("UPDATE conversations SET contact_id = NULL, contact_inbox_id = NULL WHERE id = %s", [picker.one().id])
    cur.execute("UPDATE conversations SET assignee_id = %s WHERE id = %s", [GONE_AGENT, picker.one().id])
    cur.execute("UPDATE conversations SET campaign_id = %s WHERE id = %s", [BIG_CAMPAIGN, picker.one().id])
    big_team = picker.one(lambda each: each.account_id == 1)
    cur.execute("UPDATE conversations SET team_id = %s WHERE id = %s", [BIG_TEAM, big_team.id])
    for priority in range(4):
        cur.execute("UPDATE conversations SET priority = %s WHERE id = %s", [priority, picker.one().id])
    cur.execute(
        "UPDATE conversations SET status = 3, snoozed_until = %s WHERE id = %s",
        [picker.cutoff + timedelta(days=3), picker.one().id],
    )


def _reopened(picker: Picker) -> None:
    """Resolved, then the contact wrote again: one open once more, one resolved a second time (two events)."""
    for again in (False, True):
        each = picker.one(lambda each: each.messages >= 2)
        closed = each.updated_at + timedelta(minutes=5)
        picker.resolve(each, closed)
        picker.say(each, closed + timedelta(hours=2), "Voltei, surgiu mais uma dúvida")
        back: datetime = closed + timedelta(hours=3)
        if again:
            picker.resolution(each, back)
            picker.touch(each, back)
        else:
            picker.cur.execute("UPDATE conversations SET status = 0 WHERE id = %s", [each.id])
