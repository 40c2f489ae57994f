"""Foreign HTML shown in a frame: a message as its recipient would see it, and nothing that could act.

The answer has a policy of its own: no scripts, no forms, no plugins; only our own pages may frame it. With
the `sandbox` directive the document has no origin, so it reaches neither our cookies nor our pages.
"""

from litestar import Response
from litestar.enums import MediaType

from mailgenius.web.visits import Page

_POLICY = (
    "default-src 'none'; img-src {images} data:; style-src 'unsafe-inline'; font-src https: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def framed(html: str, *, own_images: bool = False) -> Page:
    """Answer with HTML for a frame.

    Args:
        html: what an author wrote, rendered.
        own_images: load images over http too, so that the open pixel of a sandbox message counts as it
            would in a mail program. Previews leave it off: looking is not opening.
    """
    policy = _POLICY.format(images="https: http:" if own_images else "https:")
    return Response(
        _with_base(html),
        media_type=MediaType.HTML,
        headers={
            "Content-Security-Policy": policy,
            "X-Frame-Options": "SAMEORIGIN",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        },
    )


def _with_base(html: str) -> str:
    """Let links open in a new tab: inside the frame they would replace the preview.

    The policy forbids a base URL and not a base target.
    """
    at = html.lower().find("<head>")
    base = '<base target="_blank">'
    if at < 0:
        return base + html
    return html[: at + 6] + base + html[at + 6 :]
