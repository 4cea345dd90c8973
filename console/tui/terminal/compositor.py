"""A screen's compositor, whose lines end with the last one who holds them."""

from collections.abc import Iterable

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class LettingGo(Compositor):
    """Takes from each line the note of how it was cut, where that is the line itself.

    Only the garbage collector would ever end such a circle. A screen makes dozens whenever it is opened, most
    of them of containers that their contents hide, and until then what is made next finds no room there.
    """

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        for region, clip, strips in super()._get_renders(crop):
            yield region, clip, strips
            for strip in strips:  # by now they are cut
                if (strip.cell_length,) in strip._divide_cache:
                    strip._divide_cache.clear()
