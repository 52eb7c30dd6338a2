"""A backtest as a page: how mails move between teams as a picture, and each difference with its samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from mailbridge.rules.tools.backtest import BacktestReport, Difference

WIDTH, BAND, GAP, TOP = 720, 180.0, 14.0, 24.0  # of the picture; BAND is the height of all mails together
NODE = 14
COLOURS = ("#3b6fb6", "#c4622d", "#4c8c4a", "#8a5aa8", "#b8932f", "#3f8f98", "#a8485f", "#6b6b6b")

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Backtest {before} → {after}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222; }}
table {{ border-collapse: collapse; width: 100%; }} td, th {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }}
td.n {{ text-align: right; font-variant-numeric: tabular-nums; }} svg text {{ font: 13px system-ui, sans-serif; }} ul {{ margin: 0; padding-left: 1.1rem; }}
</style></head><body>
<h1>Rules {before} → {after}</h1>
<p>{mails:,} mails replayed; {changed:,} ({share:.1%}) would go elsewhere; {lost:,} match no rule that did before.</p>
{picture}
<table><thead><tr><th>What</th><th>Before</th><th>After</th><th>Mails</th><th>Rule</th><th>Samples</th></tr></thead>
<tbody>
{rows}
</tbody></table>
</body></html>
"""  # noqa: E501  (one rule of the style sheet a line)


def page(report: BacktestReport, before: str, after: str) -> str:
    """A whole HTML document that needs nothing else."""
    rows = "\n".join(map(_row, report.differences))
    return _PAGE.format(
        before=escape(before), after=escape(after), mails=report.mails, changed=report.changed, share=report.share, lost=report.lost,
        picture=_picture(report), rows=rows or '<tr><td colspan="6">nothing changes</td></tr>',
    )  # fmt: skip


def _row(difference: Difference) -> str:
    samples = "".join(f"<li>{escape(name)}: {escape(subject)}</li>" for name, subject in difference.samples)
    rule = escape(difference.rule) + (" (holds no more)" if difference.gone else "")
    cells = (difference.what, difference.before or "(none)", difference.after or "(none)")
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr>{told}<td class="n">{difference.count:,}</td><td>{rule}</td><td><ul>{samples}</ul></td></tr>'


def _picture(report: BacktestReport) -> str:
    """Teams before on the left, after on the right, a band for each way between them."""
    moves: dict[tuple[str, str], int] = {}
    for difference in report.differences:
        if difference.what == "team":
            key = (difference.before or "(none)", difference.after or "(none)")
            moves[key] = moves.get(key, 0) + difference.count
    if not moves:
        return "<p>No mail changes its team.</p>"
    scale = BAND / sum(moves.values())
    before, after = _sums(moves, 0), _sums(moves, 1)
    left, right = _places(before, scale), _places(after, scale)
    height = TOP + BAND + GAP * max(len(left), len(right)) + 10
    parts = [
        *_bands(moves, dict(left), dict(right), scale),
        *_nodes(left, _sums(moves, 0), scale, 0),
        *_nodes(right, _sums(moves, 1), scale, 1),
    ]
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="mails that change their team">{"".join(parts)}</svg>'


def _sums(moves: Mapping[tuple[str, str], int], side: int) -> dict[str, int]:
    sums: dict[str, int] = {}
    for teams, count in moves.items():
        sums[teams[side]] = sums.get(teams[side], 0) + count
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def _places(sums: Mapping[str, int], scale: float) -> list[tuple[str, float]]:
    places: list[tuple[str, float]] = []
    y = TOP
    for team, count in sums.items():
        places.append((team, y))
        y += count * scale + GAP
    return places


def _bands(moves: Mapping[tuple[str, str], int], left: dict[str, float], right: dict[str, float], scale: float) -> Iterator[str]:
    start, end = 160 + NODE, WIDTH - 160 - NODE
    middle = (start + end) / 2
    for number, ((before, after), count) in enumerate(sorted(moves.items(), key=lambda item: -item[1])):
        thick = count * scale
        y, z = left[before] + thick / 2, right[after] + thick / 2
        left[before] += thick
        right[after] += thick
        colour = COLOURS[number % len(COLOURS)]
        yield (
            f'<path d="M{start} {y:.1f} C{middle} {y:.1f} {middle} {z:.1f} {end} {z:.1f}" fill="none" stroke="{colour}" '
            f'stroke-opacity=".55" stroke-width="{max(thick, 1):.1f}"><title>{escape(before)} → {escape(after)}: {count:,}</title></path>'
        )


def _nodes(places: Sequence[tuple[str, float]], sums: Mapping[str, int], scale: float, side: int) -> Iterator[str]:
    x, text_x, anchor = (160, 152, "end") if side == 0 else (WIDTH - 160 - NODE, WIDTH - 152, "start")
    for team, y in places:
        tall = max(sums[team] * scale, 1)
        yield f'<rect x="{x}" y="{y:.1f}" width="{NODE}" height="{tall:.1f}" fill="#444"/>'
        yield f'<text x="{text_x}" y="{y + tall / 2 + 4:.1f}" text-anchor="{anchor}">{escape(team)} · {sums[team]:,}</text>'
