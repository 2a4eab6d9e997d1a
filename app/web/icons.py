"""The line icons of the pages: what is drawn inside a view box of 24 by 24."""

from typing import Final

PATHS: Final[dict[str, str]] = {
    "back": '<path d="M15 5l-7 7 7 7"/>',
    "bag": '<path d="M5 8h14l1 12H4z"/><path d="M9 10V7a3 3 0 0 1 6 0v3"/>',
    "bin": '<path d="M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5"/>',
    "box": '<path d="M4 8l8-4 8 4v9l-8 4-8-4z"/><path d="M4 8l8 4 8-4M12 12v9"/>',
    "cart": (
        '<path d="M3 4h2.5l2.2 11h10l2.3-8H6.5"/><circle cx="9" cy="19.5" r="1.5"/><circle cx="17" cy="19.5" r="1.5"/>'
    ),
    "chart": '<path d="M4 20V4M4 20h16M8 16v-4M12.5 16V8M17 16v-6"/>',
    "chat": (
        '<path d="M20 11.5a7.5 7.5 0 0 1-11 6.6L4 20l1.6-4.4A7.5 7.5 0 1 1 20 11.5z"/>'
        '<path d="M9 11.5h.01M12.5 11.5h.01M16 11.5h.01"/>'
    ),
    "code": '<path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2"/>',
    "coin": '<circle cx="12" cy="12" r="8.5"/><path d="M9 8l3 4 3-4M12 12v5M9.5 13h5"/>',
    "home": '<path d="M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z"/>',
    "next": '<path d="M9 5l7 7-7 7"/>',
    "off": (
        '<path d="M3 3l18 18M5 12a10 10 0 0 1 4-2.6M2 8.5a15 15 0 0 1 4-2.6M19 12a10 10 0 0 0-5-2.9"/>'
        '<path d="M22 8.5A15 15 0 0 0 11 5M8.5 15.5a5 5 0 0 1 7 0M12 19.5h.01"/>'
    ),
    "ok": '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
    "people": (
        '<circle cx="9" cy="8" r="3.5"/>'
        '<path d="M2.5 20a6.5 6.5 0 0 1 13 0M16 4.8a3.5 3.5 0 0 1 0 6.4M18.5 14.5A6.5 6.5 0 0 1 21.5 20"/>'
    ),
    "pin": '<path d="M12 21s7-6 7-11.5a7 7 0 0 0-14 0C5 15 12 21 12 21z"/><circle cx="12" cy="9.5" r="2.5"/>',
    "ticket": (
        '<path d="M3 7h18v3.5a1.5 1.5 0 0 0 0 3V17H3v-3.5a1.5 1.5 0 0 0 0-3z"/><path d="M14 7v2M14 11v2M14 15v2"/>'
    ),
    "truck": (
        '<path d="M3 6h11v10H3zM14 10h4l3 3v3h-7z"/>'
        '<circle cx="7" cy="17.5" r="1.75"/>'
        '<circle cx="17" cy="17.5" r="1.75"/>'
    ),
    "warn": '<path d="M12 4l9 16H3zM12 10v4.5M12 17h.01"/>',
}
