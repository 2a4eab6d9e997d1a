"""A browser for tests: it keeps cookies, follows redirects, and sends the forms of pages with their hidden fields."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx
import sqlalchemy as sa

from app.employees import phones, sign_in_codes
from app.employees.models import SignInCodeRow
from app.platform.db import Brand
from app.platform.runtime import Runtime

HOST = "http://127.0.0.1:8000"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50"
Fields = dict[str, list[str]]


@dataclass
class FormOnPage:
    """A form as it stands on a page; `buttons` are its named submit buttons."""

    action: str
    method: str
    fields: Fields = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """Every value that radios, boxes and selects of a name offer; a disabled one is none."""


class _Reader(HTMLParser):
    """Collects forms, links, ids and what axe and validators ask of the basics."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormOnPage] = []
        self.by_id: dict[str, FormOnPage] = {}
        self.links: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str]] = []
        self.headings = 0
        self.language = ""
        self._form: FormOnPage | None = None
        self._select = ""
        self._area: str | None = None
        self._label_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        match tag:
            case "html":
                self.language = given.get("lang", "")
            case "h1":
                self.headings += 1
            case "a" if "href" in given:
                self.links.append(given["href"])
            case "label":
                self._label_depth += 1
                self.labelled.add(given.get("for", ""))
            case "form":
                self._form = FormOnPage(given.get("action", ""), given.get("method", "get").lower())
                self.forms.append(self._form)
                if "id" in given:
                    self.by_id[given["id"]] = self._form
            case "input" | "select" | "textarea" | "button":
                self._control(tag, given)
            case "option" if self._form is not None and self._select:
                self._form.choices.setdefault(self._select, []).append(given.get("value", ""))
                if "selected" in given or self._select not in self._form.fields:
                    self._form.fields[self._select] = [given.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._form = None
            case "label":
                self._label_depth -= 1
            case "select":
                self._select = ""
            case "textarea":
                self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._form is not None:
            self._form.fields[self._area] = [self._form.fields[self._area][0] + data]

    def _control(self, tag: str, given: dict[str, str]) -> None:
        form = self.by_id.get(given["form"]) if "form" in given else self._form
        name, kind = given.get("name", ""), given.get("type", "text" if tag == "input" else "submit")
        if tag != "button" and kind != "hidden":
            self.fields.append({**given, "in_label": "yes" if self._label_depth else ""})
        if form is None or "disabled" in given:
            return
        if tag == "button":
            if name:
                form.buttons.append((name, given.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            form.fields[name] = [""]
        elif kind in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                form.fields.setdefault(name, []).append(given.get("value", "on"))
        else:
            form.fields.setdefault(name, []).append(given.get("value", ""))


@dataclass
class Page:
    """An answer, read as a browser reads it."""

    response: httpx.Response

    def __post_init__(self) -> None:
        self._reader = _Reader()
        self._reader.feed(self.text)

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def path(self) -> str:
        return self.response.url.raw_path.decode()

    @property
    def links(self) -> list[str]:
        return self._reader.links

    def form(self, ending: str = "") -> FormOnPage:
        """The form whose address ends so; the first one unless told."""
        found = [form for form in self._reader.forms if form.action.endswith(ending)]
        assert found, f"no form to …{ending} on {self.path}: {[form.action for form in self._reader.forms]}"
        return found[0]

    def has_form(self, ending: str = "") -> bool:
        return any(form.action.endswith(ending) for form in self._reader.forms)

    def faults(self) -> Iterator[str]:
        """What is wrong with the page's bones."""
        reader = self._reader
        if reader.headings != 1:
            yield f"{reader.headings} h1"
        if reader.language not in ("zh-CN", "en"):
            yield f"lang={reader.language!r}"
        if len(set(reader.ids)) != len(reader.ids):
            yield f"ids twice: {sorted({name for name in reader.ids if reader.ids.count(name) > 1})}"
        for given in reader.fields:
            if not given["in_label"] and given.get("id") not in reader.labelled and "aria-label" not in given:
                yield f"field {given.get('name')} without a label"
            described = given.get("aria-describedby")
            if described is not None and described not in reader.ids:
                yield f"aria-describedby={described} leads nowhere"


class Browser:
    """One browser with its cookies."""

    def __init__(self, client: httpx.AsyncClient, runtime: Runtime) -> None:
        self.client = client
        self.runtime = runtime

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.client.cookies.jar}

    async def open(self, path: str, **headers: str) -> Page:
        return await self._follow(await self.client.get(path, headers=headers))

    async def send(self, path: str, fields: Fields, *, follow: bool = True, **headers: str) -> Page:
        """A POST of any fields; headers by name with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.client.post(path, data=fields, headers={"origin": HOST, "accept": "text/html", **named})
        return await self._follow(answer) if follow else Page(answer)

    async def submit(
        self,
        page: Page,
        ending: str = "",
        *,
        button: tuple[str, str] | None = None,
        follow: bool = True,
        **typed: object,
    ) -> Page:
        """Fill a form of the page in and send it; None leaves a field out, a list gives it several values."""
        form = page.form(ending)
        fields: Fields = dict(form.fields)
        for name, value in typed.items():
            if value is None:
                fields.pop(name, None)
            else:
                fields[name] = [str(one) for one in value] if isinstance(value, list) else [str(value)]
        pressed = button or (form.buttons[0] if form.buttons else None)
        if pressed is not None:
            fields[pressed[0]] = [pressed[1]]
        return await self.send(urljoin(page.path, form.action), fields, follow=follow)

    async def sign_in(self, door: str, brand: Brand, phone: str, **typed: object) -> Page:
        """Walk through the sign-in at `door`; gives the page behind it."""
        asked = await self.submit(await self.open(door), "/sign-in", phone=phone, **typed)
        return await self.submit(asked, "/sign-in", code=await newest_code(self.runtime, brand, phone))

    async def _follow(self, answer: httpx.Response) -> Page:
        for _ in range(5):
            if answer.status_code != 303:
                break
            target = answer.headers["location"]
            assert target.startswith("/") and not target.startswith("//"), target
            answer = await self.client.get(target)
        return Page(answer)


async def newest_code(runtime: Runtime, brand: Brand, phone: str) -> str:
    """The code that was last asked for to a phone, as its message says it."""
    async with runtime.database.reading(brand) as session:
        hashes = phones.phone_hashes(session.vault, brand.id, f"+86{phone}")
        newest = (
            sa.select(SignInCodeRow.id)
            .where(SignInCodeRow.brand_id == brand.id, SignInCodeRow.phone_hash.in_(hashes))
            .order_by(SignInCodeRow.created_at.desc(), SignInCodeRow.id.desc())
            .limit(1)
        )
        code_id = (await session.execute(newest)).scalar_one()
    return sign_in_codes.code_for(runtime.database.vault, code_id)
