"""A row about somebody in any table."""

from sqlalchemy import insert

from bot.storage.tables import metadata

SOMETHING = {str: "x", int: 1, float: 1.0, bool: True}


def a_row(table, user):
    """A row about somebody in any table: the numbers that name them, and something in every other column."""
    named = {"platform": "telegram", "user_id": user, "chat_id": user, "subject_id": user, "id": user, "as_of_s": user}
    named |= {"basis_id": user, "published_id": user}
    if table.name == "lease":
        named["name"] = f"a lease of {user}"
    return {name: named.get(name, SOMETHING[column.type.python_type]) for name, column in table.columns.items()}


async def rows_about(database, *users):
    """A row in every table about each of them."""
    async with database.writing() as connection:
        for table in metadata.sorted_tables:
            for user in users:
                await connection.execute(insert(table).values(a_row(table, user)))
