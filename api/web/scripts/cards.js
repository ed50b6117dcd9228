// Text and cards. Every word shown stands in the templates; text only ever enters a page as text.

const join = (parts, by = ", ") => parts.filter(Boolean).join(by) || null;

// As api/web/links.py: the address behind a number, an e-mail address or a web address.
function href(text) {
  if (/^https?:\/\//.test(text)) return text;
  if (text.includes("@")) return `mailto:${text}`;
  const digits = text.replace(/\D/g, "");
  if (digits === "114") return `sms:${digits}`;
  return digits.length === 10 ? `tel:+33${digits.slice(1)}` : `tel:${digits}`;
}

// Puts text into a node, with links on what the pattern finds.
function putText(node, text, pattern) {
  let end = 0;
  for (const match of text.matchAll(new RegExp(pattern, "g"))) {
    node.append(text.slice(end, match.index));
    const link = document.createElement("a");
    link.href = href(match[0]);
    link.textContent = match[0];
    node.append(link);
    end = match.index + match[0].length;
  }
  node.append(text.slice(end));
}

// As api/web/sheet.py: « 1er août 2024 », « mai 2019 », « 2021 ».
function frenchDate(value) {
  if (!value) return null;
  const [year, month, day] = value.slice(0, 10).split("-").map(Number);
  const name = month && new Intl.DateTimeFormat("fr-FR", { month: "long" }).format(new Date(year, month - 1, 1));
  return join([day === 1 ? "1er" : day, name, year], " ");
}

// As api/web/sheet.py: the lines of every slot; null leaves a slot out, [] is a fact nobody published.
function sheet(card, base) {
  const isService = card.kind === "action" && card.status !== "finished";
  const sourceText = (source) => join([source.title, source.published_note || frenchDate(source.published)]);
  const origin = (source) => (card.sources.length > 1 ? sourceText(source) : null);
  const lines = (...texts) => texts.filter(Boolean).map((text) => ({ text }));
  const unlessKnown = (found) => (found.length || isService ? found : null);
  const shown = (value) => value.replace(/^https?:\/\/(www\.)?|\/$/g, "");
  const contact = (c) => ({ text: shown(c.value), href: href(c.value), note: c.label, origin: origin(c.source) });
  const named = (p) => p.name && p.address && p.name.toLowerCase().includes(p.address.toLowerCase());
  const address = (p) => join([p.name, named(p) ? null : p.address, join([p.postal_code, p.city], " ")]);
  const { now } = card;
  return {
    title: [{ text: card.title, href: `${base}/annuaire/${card.id}` }],
    organisation: lines(card.organisation),
    now: now.text && now.state !== "unknown" ? [{ text: now.text, state: now.state }] : null,
    status: card.kind === "action" && card.status !== "active" ? [{ state: card.status }] : null,
    summary: lines(card.summary),
    notice: lines(card.status_text, card.next_edition),
    phone: card.contacts.filter((c) => c.kind === "phone").map(contact),
    event: card.events.map((e) => ({ text: join([e.title, e.text], " : "), origin: origin(e.source) })),
    place: unlessKnown(card.places.map((p) => ({ text: address(p), note: p.note, origin: origin(p.source) }))),
    schedule: unlessKnown(card.schedules.map((s) => ({ text: s.text, note: s.exceptions, origin: origin(s.source) }))),
    audience: lines(card.audience_text, card.conditions),
    referral: lines(card.referral),
    price: unlessKnown((card.price ? [card.price] : []).map((p) => ({ text: p.text, origin: origin(p.source) }))),
    contact: card.contacts.filter((c) => c.kind !== "phone").map(contact),
    description: lines(...card.description),
    content: lines(...card.content),
    steps: lines(...card.steps),
    duration: lines(card.duration),
    frequency: lines(card.frequency),
    group: lines(card.group_size),
    level: lines(card.level_text),
    diploma: lines(card.diploma),
    language: lines(card.languages),
    partner: lines(...card.partners),
    source: card.sources.map((s) => ({ text: sourceText(s), href: s.url })),
    verified: lines(frenchDate(card.verified_on)),
  };
}

function fillLine(node, line) {
  const text = node.querySelector("[data-text]") ?? node;
  text.textContent = line.text ?? node.dataset[line.state] ?? "";
  const link = node.querySelector("a");
  if (link && line.href) link.href = line.href;
  for (const name of ["note", "origin"]) {
    const small = node.querySelector(`[data-${name}]`);
    if (line[name]) small.textContent = line[name];
    else small?.remove();
  }
  if (line.state) node.dataset.state = line.state;
}

// Fills a copy of the card's pattern.
function fillCard(card, action, rank, base) {
  // The best card shows its practical facts; the others keep them behind « Plus de détails ».
  if (rank > 0) card.querySelector("summary").after(card.querySelector("dl"));
  const slots = sheet(action, base);
  for (const node of card.querySelectorAll("[data-slot]")) {
    let lines = slots[node.dataset.slot];
    if (lines?.length === 0 && node.dataset.empty) lines = [{ text: node.dataset.empty }];
    for (const line of lines ?? []) {
      const copy = node.cloneNode(true);
      fillLine(copy, line);
      node.before(copy);
    }
    node.remove();
  }
  for (const node of card.querySelectorAll("[data-unless]")) {
    if (node.dataset.unless.split(" ").some((name) => slots[name]?.length)) node.remove();
  }
  // Innermost first: a row whose slots are gone goes, and so does what held nothing else.
  for (const row of [...card.querySelectorAll("[data-row]")].reverse()) {
    if (!row.querySelector("[data-slot]")) row.remove();
  }
  return card;
}
