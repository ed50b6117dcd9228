// The conversation of a tab: one for all that show it on a page (conversation.js), kept from page to page. It is sent
// in the order in which it was written, and looked after while an agent may write. `base` is where the service is
// ("" on its own pages). Who shows it is told of every change.

const PATIENCE = 20_000; // ms before an answer is given up
const BREATH = 1_500; // ms before a message is sent once more
const KEPT_TURNS = 20; // to show again after a reload; what was not sent is always kept
const KEY = "passerelle";
const SOON = 2_500, LATER = 30_000, SLOWER = 1.4; // ms between two looks for what an agent wrote

// `kind` names what to say: offline, busy, starting, broken, refused. `detail`: seconds to wait, or the server's words.
class Failure extends Error {
  constructor(kind, detail = "") {
    super(kind);
    this.kind = kind;
    this.detail = detail;
  }
}

// As a UUID without hyphens: randomUUID() is missing on addresses without HTTPS.
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What is stored; null where nothing may be.
function kept() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

// A turn is what was said, with its `reply` once there is one or its `failure`; or what an `agent` wrote; or that they `left`.
const isTurn = ({ said, reply, agent, left }) => typeof said === "string" ? !reply || Array.isArray(reply.messages && reply.actions) : agent || left;
const isUnsent = (turn) => turn.said !== undefined && !turn.reply && turn.failure?.kind !== "refused";

// `id` is that of the first message: it can be erased though its answer was lost.
function parsed(text) {
  const fresh = { id: null, turns: [], listening: false, heard: 0 };
  try {
    const { id, turns, listening, heard } = JSON.parse(text);
    if (/^[\w-]{16,64}$/.test(id)) Object.assign(fresh, { id, listening, heard });
    fresh.turns = turns.filter(isTurn).map((turn) => ({ key: newId(), ...turn }));
  } catch {
    // Nothing, or nothing of ours.
  }
  return fresh;
}

function openTalk(base) {
  const viewers = new Set();
  let state = parsed(null);
  let stored = null; // what was read or written last
  let sending = false;
  let erasing = false;
  let leaving; // stops the request of the message that is on its way
  let pause = SOON;
  let timer;

  // --- What outlives the page ------------------------------------------------------------------

  function keep() {
    const sent = state.turns.filter((turn) => turn.failure?.kind !== "refused");
    const turns = sent.filter((turn, rank) => isUnsent(turn) || rank >= sent.length - KEPT_TURNS);
    stored = state.id || turns.length ? JSON.stringify({ ...state, turns: turns.map(({ failure, ...turn }) => turn) }) : null;
    try {
      if (stored) sessionStorage.setItem(KEY, stored);
      else sessionStorage.removeItem(KEY);
    } catch {
      // Storage may be full or forbidden; the conversation then lives as long as the page.
      stored = kept();
    }
  }

  function changed(news = {}) {
    keep();
    for (const show of viewers) show(news);
  }

  // Another page of this tab may have gone on, or erased (this one was left and came back): then its word holds.
  function sync() {
    const found = kept();
    if (found === stored) return;
    leaving?.abort();
    state = parsed(found);
    changed({ replaced: true });
    if (state.listening) listen();
    run();
  }

  // --- Asking ----------------------------------------------------------------------------------

  async function request(address, options = {}, controller = new AbortController()) {
    const patience = setTimeout(() => controller.abort(), PATIENCE);
    try {
      const response = await fetch(base + address, {
        ...(options.body && { method: "POST", headers: { "Content-Type": "application/json" } }),
        ...options,
        signal: controller.signal,
      });
      if (response.ok) return response.status === 204 ? null : await response.json();
      if (response.status === 422) throw new Failure("refused", (await response.json()).error.message);
      if (response.status === 429) throw new Failure("busy", response.headers.get("Retry-After") ?? "60");
      throw new Failure(response.status === 503 ? "starting" : "broken");
    } catch (error) {
      throw error instanceof Failure ? error : new Failure("offline");
    } finally {
      clearTimeout(patience);
    }
  }

  // Sent once more when the network does not answer. The server answers an id once, however often it comes.
  async function deliver({ key, message }) {
    if (navigator.onLine === false) throw new Failure("offline");
    const mine = state;
    state.id ??= key;
    keep();
    const body = JSON.stringify({ message, conversation_id: state.id === key ? null : state.id, request_id: key });
    const post = () => request("/api/chat", { body }, (leaving = new AbortController()));
    try {
      return await post();
    } catch (error) {
      if (error.kind !== "offline" || navigator.onLine === false || erasing) throw error;
      await wait(BREATH);
      if (state !== mine || erasing) throw error;
      return post();
    }
  }

  // Sends what waits, one after the other.
  async function run() {
    const next = () => !erasing && state.turns.find((turn) => isUnsent(turn) && !turn.failure);
    if (sending || !next()) return;
    sending = true;
    for (let turn; (turn = next()); ) {
      const mine = state;
      changed();
      const outcome = await deliver(turn).then((reply) => ({ reply }), (failure) => ({ failure }));
      sync();
      if (state !== mine) continue; // erased meanwhile
      Object.assign(turn, outcome);
      const { reply, failure } = outcome;
      if (reply) state.id = reply.conversation_id;
      else if (failure.kind === "refused" && state.id === turn.key) state.id = null; // no conversation began
      // Without a connection the others need not be tried; what the service could not do now holds up nothing else.
      else if (failure.kind === "offline") for (const one of state.turns.filter(isUnsent)) one.failure ??= failure;
      changed({ turn });
      if (reply?.outcome === "handoff") look();
    }
    sending = false;
    changed();
  }

  function again() {
    sync();
    for (const turn of state.turns.filter(isUnsent)) delete turn.failure;
    run();
  }

  function send(message, said = message) {
    sync();
    state.turns.push({ key: newId(), message, said });
    changed();
    again();
  }

  // What is said while it is being erased begins the next conversation.
  async function erase() {
    sync();
    const { id, turns: { length } } = state;
    erasing = true;
    leaving?.abort();
    try {
      if (id) await request(`/api/conversations/${id}`, { method: "DELETE" });
      state = { ...parsed(null), turns: state.turns.slice(length) };
      changed({ erased: true });
    } finally {
      erasing = false;
      run();
    }
  }

  // --- A person --------------------------------------------------------------------------------

  // Looks soon after something happened, then ever more rarely; the server says when there is nothing to wait for.
  function listen() {
    state.listening = true;
    pause = SOON;
    look();
  }

  async function look() {
    clearTimeout(timer);
    const mine = state;
    const { id, listening, heard } = state;
    if (!id) return;
    try {
      const { state: talk, messages } = await request(`/api/conversations/${id}/messages?after=${heard}`);
      sync();
      if (state !== mine || heard !== state.heard) return; // erased, or looked for once more, meanwhile
      let turn;
      const hear = (said) => state.turns.push((turn = { key: newId(), ...said }));
      for (const { number, author, text } of messages) {
        state.heard = number;
        if (author === "agent") hear({ agent: text });
      }
      if (messages.length || talk === "open") pause = SOON;
      state.listening = talk === "waiting" || talk === "open";
      if (listening && !state.listening && state.heard) hear({ left: true });
      changed({ turn });
    } catch (error) {
      if (!(error instanceof Failure)) throw error; // no connection for now: looked for again, later
    }
    if (state !== mine || !state.listening) return;
    clearTimeout(timer);
    timer = setTimeout(look, pause);
    pause = Math.min(LATER, pause * SLOWER);
  }

  // Until something shows it, what the page before has stored is left alone.
  addEventListener("online", () => viewers.size && again());
  addEventListener("pageshow", (event) => event.persisted && viewers.size && sync());
  document.addEventListener("visibilitychange", () => !document.hidden && state.listening && listen());

  return {
    get state() {
      return state;
    },
    get sending() {
      return sending && !erasing;
    },
    // A page that came with an answer (the form without script) already knows its conversation.
    adopt(id) {
      state.id = id;
      keep();
    },
    rate(turn, helpful) {
      turn.helpful = helpful;
      changed();
    },
    show: (viewer) => viewers.add(viewer),
    sync, request, send, again, erase, listen,
  };
}
