"""Colours in the notations of mails (CSS Color 3), and whether two can be distinguished."""

from __future__ import annotations

import re
from colorsys import hls_to_rgb

# Red, green, blue from 0 to 255, and opacity from 0 to 1.
Colour = tuple[float, float, float, float]

_CLOSE = 20.0  # of 255: colours with a smaller difference in each component look the same

_NAMES = {
    "white": "fff", "black": "000", "windowtext": "000", "canvastext": "000", "window": "fff", "canvas": "fff", "snow": "fffafa",
    "ivory": "fffff0", "ghostwhite": "f8f8ff", "floralwhite": "fffaf0", "whitesmoke": "f5f5f5", "mintcream": "f5fffa", "azure": "f0ffff",
    "aliceblue": "f0f8ff", "seashell": "fff5ee", "honeydew": "f0fff0", "linen": "faf0e6", "oldlace": "fdf5e6", "lavenderblush": "fff0f5",
    "antiquewhite": "faebd7", "beige": "f5f5dc", "cornsilk": "fff8dc", "lightyellow": "ffffe0", "lightcyan": "e0ffff", "lavender": "e6e6fa",
    "gainsboro": "dcdcdc", "lightgray": "d3d3d3", "lightgrey": "d3d3d3", "silver": "c0c0c0", "darkgray": "a9a9a9", "darkgrey": "a9a9a9",
    "gray": "808080", "grey": "808080", "dimgray": "696969", "dimgrey": "696969", "red": "f00", "maroon": "800000", "yellow": "ff0",
    "olive": "808000", "lime": "0f0", "green": "008000", "aqua": "0ff", "cyan": "0ff", "teal": "008080", "blue": "00f", "navy": "000080",
    "fuchsia": "f0f", "magenta": "f0f", "purple": "800080", "orange": "ffa500", "brown": "a52a2a", "pink": "ffc0cb", "gold": "ffd700",
    "tomato": "ff6347", "crimson": "dc143c", "indigo": "4b0082", "lightblue": "add8e6", "steelblue": "4682b4", "darkblue": "00008b",
    "darkgreen": "006400", "darkred": "8b0000", "lightgreen": "90ee90", "khaki": "f0e68c", "tan": "d2b48c", "salmon": "fa8072",
}  # fmt: skip
_HEX = re.compile(r"^#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$")
_CALL = re.compile(r"^(rgb|hsl)a?\(([^()]{0,80})\)$")


def colour_of(value: str) -> Colour | None:
    """The colour of a CSS value or of an old attribute such as bgcolor; None if it is no colour."""
    value = value.strip().lower()
    if value == "transparent":
        return 0.0, 0.0, 0.0, 0.0
    found = _HEX.match(_NAMES.get(value, value))
    if found:
        return _of_digits(found[1])
    call = _CALL.match(value)
    return _of_parts(call[1], re.split(r"[\s,/]+", call[2].strip())) if call else None


def _of_digits(digits: str) -> Colour:
    if len(digits) < 6:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, *alpha = (int(digits[place : place + 2], 16) for place in range(0, len(digits), 2))
    return float(red), float(green), float(blue), alpha[0] / 255 if alpha else 1.0


def _of_parts(form: str, parts: list[str]) -> Colour | None:
    try:
        alpha = _number(parts[3], 1.0) if len(parts) > 3 else 1.0
        if form == "rgb":
            red, green, blue = (_number(part, 255.0) for part in parts[:3])
            return red, green, blue, alpha
        hue = float(parts[0].removesuffix("deg")) / 360 % 1
        red, green, blue = hls_to_rgb(hue, _number(parts[2], 1.0), _number(parts[1], 1.0))
    except (ValueError, IndexError):
        return None
    return red * 255, green * 255, blue * 255, alpha


def _number(part: str, whole: float) -> float:
    value = float(part[:-1]) / 100 * whole if part.endswith("%") else float(part)
    return min(max(value, 0.0), whole)


def over(upper: Colour, lower: Colour) -> Colour:
    """The visible colour of `upper` on the opaque `lower`."""
    seen = upper[3]
    red, green, blue = (above * seen + below * (1 - seen) for above, below in zip(upper[:3], lower[:3], strict=True))
    return red, green, blue, 1.0


def look_alike(one: Colour, other: Colour) -> bool:
    """Whether text in one colour is unreadable on the other."""
    return all(abs(first - second) <= _CLOSE for first, second in zip(one[:3], other[:3], strict=True))
