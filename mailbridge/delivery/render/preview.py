"""Every mail on one page, made from sample values: for people who write templates or translate them."""

from __future__ import annotations

from markupsafe import Markup, escape

from mailbridge.delivery.render.render import Renderer
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.notifications.model import Audience

_PAGE = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>mailbridge: mails ({language})</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 16px; }}
section {{ display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px; margin: 0 0 32px; }}
h2 {{ grid-column: 1 / -1; margin: 0; font-size: 18px; }}
h2 small {{ font-weight: normal; }}
pre {{ margin: 0; padding: 12px; overflow: auto; white-space: pre-wrap; border: 1px solid #8592a0; }}
iframe {{ width: 100%; height: 640px; border: 1px solid #8592a0; }}
@media (max-width: 800px) {{ section {{ display: block; }} }}
</style></head><body>
{mails}
</body></html>
"""


def page(renderer: Renderer, language: str) -> str:
    """An HTML page with text and HTML of each mail side by side.  It loads nothing.  Raises TemplateFailed."""
    names = [name for name in renderer.names() if name.startswith(f"mail/{language}/")]
    return _PAGE.format(language=escape(language), mails=Markup("\n").join(_mail(renderer, name, language) for name in names))


def _mail(renderer: Renderer, name: str, language: str) -> Markup:
    audience, _, event = name.rpartition("/")[2].partition(".")
    worded = renderer.render(sample_notification(Audience(audience), event, language), sample_views(audience, event)[0])
    return Markup(
        '<section id="{event}"><h2>{event} <small>{subject}</small></h2>\n<pre>{text}</pre>\n'
        '<iframe sandbox="" title="{event}" srcdoc="{html}"></iframe></section>'
    ).format(event=f"{audience}.{event}", subject=worded.subject, text=worded.text, html=worded.html)
