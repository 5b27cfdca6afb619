"""An answer is written at once: whoever is killed while he answers has answered, or has not."""

import asyncio

import pytest

from gateway.receiver.in_one_piece import InOnePiece


class Written(asyncio.Transport):
    """Keeps each piece that is written."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


@pytest.fixture
def transport():
    return Written()


@pytest.fixture
async def one_piece(transport):
    return InOnePiece(transport, asyncio.get_running_loop())


async def test_head_and_body_leave_together(one_piece, transport):
    """And the next answer by itself."""
    for answer in (b"one", b"two"):
        one_piece.write(b"head ")
        one_piece.write(b"")
        one_piece.write(answer)
        await asyncio.sleep(0)

    assert [b"head one", b"head two"] == transport.pieces


async def test_what_is_written_before_a_close_leaves(one_piece, transport):
    """Before the connection does, and once."""
    one_piece.write(b"Not HTTP")
    one_piece.close()
    await asyncio.sleep(0)

    assert ([b"Not HTTP"], True) == (transport.pieces, transport.is_closed)


async def test_nothing_is_written_once_it_is_cut_off(one_piece, transport):
    """There is nobody any more."""
    one_piece.write(b"late")
    one_piece.abort()
    await asyncio.sleep(0)

    assert [] == transport.pieces
