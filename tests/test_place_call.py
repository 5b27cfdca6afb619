"""The main path, through the front door."""

from gateway_under_test import KEY, SID


async def test_an_accepted_call_is_answered_with_what_the_provider_said(gateway, provider):
    """A reply means that the provider accepted the request, and repeats it as given."""
    answer = await gateway.place_call()

    assert (
        "DISPATCH_ACCEPTED"
        == answer.call.DESCRIPTOR.fields_by_name["dispatch"].enum_type.values_by_number[answer.call.dispatch].name
    )
    assert "RBC3007" == answer.call.provider_reply.code
    assert "default" == answer.call.account
    assert ["+13236550107"] == [outcome.recipient.number for outcome in answer.call.recipients]
    [post] = provider.posts
    assert f"/v1/{SID}/voice/outbound" == post.path
    assert KEY == post.headers["api-key"]
