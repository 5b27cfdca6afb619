"""What the page about the ledger shows does what the page says."""

from snippets import shown

PAGE = "docs/ledger.md"


async def test_what_it_grants_is_enough_to_serve(postgres, database, start_gateway, provider):
    """A role that may make no table serves from those that another one made."""
    [grants] = shown(PAGE, "sql")
    await (await start_gateway(ledger={"url": database})).place_call(requestId="reminder-0001")
    postgres.sql("CREATE ROLE gateway LOGIN")
    postgres.sql(grants.code, database)
    served = await start_gateway(ledger={"url": database.replace("postgres@", "gateway@"), "create": False})
    again = await served.place_call(requestId="reminder-0001")
    placed = await served.place_call(requestId="reminder-0002")

    assert (True, False) == (again.replayed, placed.replayed)
    assert 2 == len(provider.posts)
