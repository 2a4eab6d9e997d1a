"""Pictures of the codes that customers show in stores: scanned by a phone's camera, they lead staff to the counter."""

from app.marketing import pictures


def code_picture(base_url: str, code: str) -> str:
    """An SVG to stand in a page: of our own making, so that it needs no escaping."""
    return pictures.svg(f"{base_url}/guide/redeem?code={code.replace(' ', '')}").decode()
