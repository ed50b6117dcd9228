// The chat page's script. The page works without it; with it, answers arrive without a reload.
// Every word shown stands in templates/chat.html; text only ever enters the page as text.

const $ = (selector, within = document) => within.querySelector(selector);
const words = $("#words").dataset;
const log = $("#log");
const ask = $("#ask");
const box = $("#message");
const problem = $("#problem");
const status = $("#status");
const touch = matchMedia("(pointer: coarse)").matches;
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

const PATIENCE = 20_000; // ms before an answer is given up
const KEPT_TURNS = 20; // of a conversation, to show again after a reload
const KEY = "passerelle";

const NEW = { id: null, turns: [], listening: false, heard: 0 };
let conversation = { ...NEW };
let waiting = false;

// --- Text and patterns -------------------------------------------------------------------------

const clone = (name) => $(`#${name}-pattern`).content.firstElementChild.cloneNode(true);
const join = (parts, by = ", ") => parts.filter(Boolean).join(by) || null;

// As api/web/links.py: the address behind a number, an e-mail address or a web address.
function href(text) {
  if (/^https?:\/\//.test(text)) return text;
  if (text.includes("@")) return `mailto:${text}`;
  const digits = text.replace(/\D/g, "");
  if (digits === "114") return `sms:${digits}`;
  return digits.length === 10 ? `tel:+33${digits.slice(1)}` : `tel:${digits}`;
}

function putText(node, text) {
  let end = 0;
  for (const match of text.matchAll(new RegExp(words.links, "g"))) {
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

// --- Cards -------------------------------------------------------------------------------------

// As api/web/sheet.py: the lines of every slot; null leaves a slot out, [] is a fact nobody published.
function sheet(card) {
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
    title: [{ text: card.title, href: `/annuaire/${card.id}` }],
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
  const text = $("[data-text]", node) ?? node;
  text.textContent = line.text ?? node.dataset[line.state] ?? "";
  const link = $("a", node);
  if (link && line.href) link.href = line.href;
  for (const name of ["note", "origin"]) {
    const small = $(`[data-${name}]`, node);
    if (line[name]) small.textContent = line[name];
    else small?.remove();
  }
  if (line.state) node.dataset.state = line.state;
}

function cardOf(action, rank) {
  const card = clone("card");
  // The best card shows its practical facts; the others keep them behind « Plus de détails ».
  if (rank > 0) $("summary", card).after($("dl", card));
  const slots = sheet(action);
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
    if (!$("[data-slot]", row)) row.remove();
  }
  return card;
}

// --- The conversation --------------------------------------------------------------------------

function startExchange(said) {
  const exchange = clone("exchange");
  $("[data-said]", exchange).textContent = said;
  log.append(exchange);
  $("#examples").hidden = true;
  return exchange;
}

function showReply(exchange, reply) {
  exchange.dataset.outcome = reply.outcome;
  const answer = $(".answer", exchange);
  answer.replaceChildren();
  for (const message of reply.messages) {
    const bubble = document.createElement("p");
    bubble.className = "bubble";
    putText(bubble, message.text);
    answer.append(bubble);
    if (message.quick_replies?.length) answer.append(quickReplies(message.quick_replies));
  }
  const { length } = reply.actions;
  if (length) answer.append(unseen(length > 1 ? words.cards.replace("{n}", length) : words.card));
  // The bubbles say it all and are read aloud; the cards below are there to be explored, hence aria-live="off".
  $(".cards", exchange).replaceChildren(...reply.actions.map(cardOf));
  if (["answer", "clarify", "out_of_scope"].includes(reply.outcome)) exchange.append(clone("feedback"));
  if (reply.outcome === "handoff" && !conversation.listening) offerPerson(exchange);
}

function quickReplies(replies) {
  const list = document.createElement("ul");
  list.className = "quick-replies";
  for (const { title, payload } of replies) {
    const form = clone("quick");
    form.elements.said.value = title;
    form.elements.message.value = payload;
    form.elements.message.textContent = title;
    const item = document.createElement("li");
    item.append(form);
    list.append(item);
  }
  return list;
}

function unseen(text) {
  const node = document.createElement("p");
  node.className = "unseen";
  node.textContent = text;
  return node;
}

function remember(turn) {
  if (turn) conversation.turns = [...conversation.turns, turn].slice(-KEPT_TURNS);
  $("#erase").hidden = !conversation.id && !log.childElementCount;
  try {
    if (conversation.id) sessionStorage.setItem(KEY, JSON.stringify(conversation));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Storage may be full or forbidden; the conversation then lives as long as the page.
  }
}

function recall() {
  try {
    conversation = JSON.parse(sessionStorage.getItem(KEY)) ?? conversation;
    log.setAttribute("aria-live", "off");
    for (const { said, reply, agent } of conversation.turns) {
      if (agent) showAgent(agent);
      else showReply(startExchange(said), reply);
    }
  } catch {
    conversation = { ...NEW };
    log.replaceChildren();
  }
  log.setAttribute("aria-live", "polite");
  remember();
  if (conversation.listening) listen();
}

// --- Asking ------------------------------------------------------------------------------------

class Refused extends Error {}

async function request(address, options) {
  const controller = new AbortController();
  const patience = setTimeout(() => controller.abort(), PATIENCE);
  try {
    const response = await fetch(address, {
      headers: { "Content-Type": "application/json" },
      signal: controller.signal,
      ...options,
    });
    if (response.ok) return response.status === 204 ? null : await response.json();
    const seconds = response.headers.get("Retry-After") ?? "60";
    if (response.status === 422) throw new Refused((await response.json()).error.message);
    if (response.status === 429) throw new Refused(words.busy.replace("{n}", seconds));
    throw new Refused(response.status === 503 ? words.starting : words.broken);
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(words.offline);
  } finally {
    clearTimeout(patience);
  }
}

async function send(message, said = message, exchange = startExchange(said)) {
  waiting = true;
  status.textContent = words.waiting;
  reveal(exchange);
  try {
    const reply = await request("/api/chat", {
      method: "POST",
      body: JSON.stringify({ message, conversation_id: conversation.id }),
    });
    conversation.id = reply.conversation_id;
    showReply(exchange, reply);
    remember({ said, reply });
    if (reply.outcome === "handoff") look();
  } catch (error) {
    showFailure(exchange, error.message, () => send(message, said, exchange));
    remember();
    if (!(error instanceof Refused)) throw error;
  } finally {
    waiting = false;
    status.textContent = "";
  }
  reveal(exchange);
  // On a telephone a focused box keeps the keyboard up, over the answer.
  if (touch) $("h2", exchange).focus({ preventScroll: true });
  else box.focus({ preventScroll: true });
}

function showFailure(exchange, text, retry) {
  const failure = clone("failure");
  $("[data-text]", failure).textContent = text;
  $("button", failure).addEventListener("click", () => {
    if (waiting) return;
    failure.remove();
    retry();
  });
  $(".answer", exchange).replaceChildren(failure);
}

function reveal(exchange) {
  exchange.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
}

function complain(text) {
  problem.textContent = text;
  if (text) box.setAttribute("aria-invalid", "true");
  else box.removeAttribute("aria-invalid");
}

// --- A person ----------------------------------------------------------------------------------

const SOON = 2_500, LATER = 30_000, SLOWER = 1.4; // ms between two looks for what an agent wrote
let pause = SOON;
let timer = null;

function offerPerson(exchange) {
  for (const old of log.querySelectorAll(".offer")) old.remove();
  const offer = clone("offer");
  const { conversation_id, request_id } = $("form", offer).elements;
  conversation_id.value = conversation.id;
  // As a UUID without hyphens: randomUUID() is missing on addresses without HTTPS.
  request_id.value = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  $(".answer", exchange).after(offer);
}

async function askForPerson(form) {
  const { first_name, phone, subject, consent, here, request_id } = form.elements;
  const wrong = $(".problem", form);
  wrong.textContent = "";
  try {
    await request("/api/callbacks", {
      method: "POST",
      body: JSON.stringify({
        first_name: first_name.value,
        phone: phone.value,
        subject: subject.value,
        consent: consent.checked,
        here: here.checked,
        conversation_id: conversation.id,
        request_id: request_id.value,
      }),
    });
  } catch (error) {
    wrong.textContent = error.message;
    return;
  }
  const sent = clone("sent");
  form.closest(".offer").replaceWith(sent);
  sent.focus({ preventScroll: true });
  listen();
}

// Looks soon after something happened, then ever more rarely; the server says when there is nothing to wait for.
function listen() {
  conversation.listening = true;
  pause = SOON;
  look();
}

async function look() {
  clearTimeout(timer);
  const { id, listening, heard } = conversation;
  if (!id) return;
  try {
    const { state, messages } = await request(`/api/conversations/${encodeURIComponent(id)}/messages?after=${heard}`);
    // Erased, or looked for once more, meanwhile.
    if (id !== conversation.id || heard !== conversation.heard) return;
    for (const { number, author, text } of messages) {
      conversation.heard = number;
      if (author === "agent") hear(text);
    }
    if (messages.length) pause = SOON;
    conversation.listening = state === "waiting" || state === "open";
    if (conversation.listening) $(".offer", log)?.remove();
    else if (listening && conversation.heard) hear(words.agentLeft);
    remember();
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // no connection for now: looked for again, later
  }
  if (!conversation.listening) return;
  clearTimeout(timer);
  timer = setTimeout(look, pause);
  pause = Math.min(LATER, pause * SLOWER);
}

function hear(text) {
  const written = showAgent(text);
  remember({ agent: text });
  reveal(written);
}

function showAgent(text) {
  const written = clone("written");
  if (text === words.agentLeft) $("[data-name]", written).remove();
  putText($(".bubble", written), text);
  log.append(written);
  return written;
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".callback")) return;
  event.preventDefault();
  askForPerson(event.target);
});
document.addEventListener("visibilitychange", () => !document.hidden && conversation.listening && listen());

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  if (waiting) return;
  const message = box.value.trim();
  const tooLong = message.length > Number(words.longest);
  complain(!message ? words.empty : tooLong ? words.tooLong : "");
  if (message && !tooLong) {
    box.value = "";
    send(message);
  } else box.focus();
});

box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  ask.requestSubmit();
});
box.addEventListener("input", () => problem.textContent && complain(""));

// Examples and quick replies are forms of one button.
document.addEventListener("submit", (event) => {
  const { message, said } = event.target.elements;
  if (event.target === ask || message?.tagName !== "BUTTON") return;
  event.preventDefault();
  if (!waiting) send(message.value, said?.value || message.value);
});

$("#erase").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { done, failed } = event.target.dataset;
  if (waiting) return;
  try {
    if (conversation.id) await request(`/api/conversations/${encodeURIComponent(conversation.id)}`, { method: "DELETE" });
  } catch {
    status.textContent = failed;
    return;
  }
  conversation = { ...NEW };
  log.replaceChildren();
  remember();
  $("#examples").hidden = false;
  status.textContent = done;
  box.focus();
});

log.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-helpful]");
  if (!button) return;
  const feedback = button.closest(".feedback");
  const helpful = button.dataset.helpful === "true";
  const answer = $(helpful ? "[data-thanks]" : "[data-sorry]", feedback);
  feedback.replaceChildren(answer);
  answer.hidden = false;
  box.focus({ preventScroll: true });
  const body = JSON.stringify({ conversation_id: conversation.id, helpful, comment: null });
  await request("/api/feedback", { method: "POST", body }).catch(() => {});
});

ask.noValidate = true;
// A page that came with an answer (the form without script) already knows its conversation.
conversation.id = ask.elements.conversation_id.value || null;
if (!log.childElementCount) recall();
