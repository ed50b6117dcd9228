// A conversation inside `root`: the chat page's document, or the shadow root of the widget. `base` is where the
// service is ("" on its own pages). Returns what the widget needs of it.

const PATIENCE = 20_000; // ms before an answer is given up
const BREATH = 1_500; // ms before a message is sent once more
const KEPT_TURNS = 20; // of a conversation, to show again after a reload
const KEY = "passerelle";
const SOON = 2_500, LATER = 30_000, SLOWER = 1.4; // ms between two looks for what an agent wrote

const touch = matchMedia("(pointer: coarse)").matches;
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

class Refused extends Error {}
class Unreachable extends Refused {}

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

function converse(root, base, onHeard = () => {}) {
  const $ = (selector, within = root) => within.querySelector(selector);
  const words = $("#words").dataset;
  const log = $("#log");
  const ask = $("#ask");
  const box = $("#message");
  const problem = $("#problem");
  const status = $("#status");

  const NEW = { id: null, turns: [], pending: null, listening: false, heard: 0 };
  let conversation = { ...NEW };
  let stored = null;
  let waiting = false;

  const clone = (name) => $(`#${name}-pattern`).content.firstElementChild.cloneNode(true);
  const put = (node, text) => putText(node, text, words.links);

  // --- What is shown ---------------------------------------------------------------------------

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
      put(bubble, message.text);
      answer.append(bubble);
      if (message.quick_replies?.length) answer.append(quickReplies(message.quick_replies));
    }
    const { length } = reply.actions;
    if (length) answer.append(unseen(length > 1 ? words.cards.replace("{n}", length) : words.card));
    answer.after(clone("listen"));
    // The bubbles say it all and are read aloud; the cards below are there to be explored, hence aria-live="off".
    $(".cards", exchange).replaceChildren(...reply.actions.map((action, rank) => fillCard(clone("card"), action, rank, base)));
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

  function reveal(exchange) {
    exchange.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
  }

  function complain(text) {
    problem.textContent = text;
    if (text) box.setAttribute("aria-invalid", "true");
    else box.removeAttribute("aria-invalid");
  }

  // --- What outlives the page ------------------------------------------------------------------

  function remember(turn) {
    if (turn) conversation.turns = [...conversation.turns, turn].slice(-KEPT_TURNS);
    $("#erase").hidden = !conversation.id && !log.childElementCount;
    stored = conversation.id || conversation.pending ? JSON.stringify(conversation) : null;
    try {
      if (stored) sessionStorage.setItem(KEY, stored);
      else sessionStorage.removeItem(KEY);
    } catch {
      // Storage may be full or forbidden; the conversation then lives as long as the page.
      stored = kept();
    }
  }

  // Shows what is stored, unless it is what is shown already: another widget of the page may have gone on.
  function recall() {
    const found = kept();
    if (found === stored || waiting) return;
    log.setAttribute("aria-live", "off");
    log.replaceChildren();
    conversation = { ...NEW };
    try {
      conversation = { ...NEW, ...JSON.parse(found) };
      for (const { said, reply, agent } of conversation.turns) {
        if (agent) showAgent(agent);
        else showReply(startExchange(said), reply);
      }
    } catch {
      conversation = { ...NEW };
      log.replaceChildren();
    }
    log.setAttribute("aria-live", "polite");
    $("#examples").hidden = Boolean(log.childElementCount);
    remember();
    if (conversation.listening) listen();
    // The page went away while a message was on its way: its id makes sure that it is answered once.
    const { pending } = conversation;
    if (pending) send(pending.message, pending.said, startExchange(pending.said), pending.id);
  }

  // --- Asking ----------------------------------------------------------------------------------

  async function request(address, options) {
    const controller = new AbortController();
    const patience = setTimeout(() => controller.abort(), PATIENCE);
    try {
      const response = await fetch(base + address, {
        ...(options?.body && { headers: { "Content-Type": "application/json" } }),
        signal: controller.signal,
        ...options,
      });
      if (response.ok) return response.status === 204 ? null : await response.json();
      const seconds = response.headers.get("Retry-After") ?? "60";
      if (response.status === 422) throw new Refused((await response.json()).error.message);
      if (response.status === 429) throw new Refused(words.busy.replace("{n}", seconds));
      throw new Refused(response.status === 503 ? words.starting : words.broken);
    } catch (error) {
      throw error instanceof Refused ? error : new Unreachable(words.offline);
    } finally {
      clearTimeout(patience);
    }
  }

  // Sent once more when the network does not answer. The server answers an id once, however often it comes.
  async function deliver(message, id) {
    const body = JSON.stringify({ message, conversation_id: conversation.id, request_id: id });
    const post = () => request("/api/chat", { method: "POST", body });
    try {
      return await post();
    } catch (error) {
      if (!(error instanceof Unreachable) || navigator.onLine === false) throw error;
      await wait(BREATH);
      return post();
    }
  }

  async function send(message, said = message, exchange = startExchange(said), id = newId()) {
    waiting = true;
    conversation.pending = { message, said, id };
    remember();
    status.textContent = words.waiting;
    reveal(exchange);
    try {
      const reply = await deliver(message, id);
      conversation.id = reply.conversation_id;
      conversation.pending = null;
      showReply(exchange, reply);
      remember({ said, reply });
      if (reply.outcome === "handoff") look();
    } catch (error) {
      const again = showFailure(exchange, error.message, () => send(message, said, exchange, id));
      if (error instanceof Unreachable) addEventListener("online", again, { once: true });
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

  // Returns what tries again, once.
  function showFailure(exchange, text, retry) {
    const failure = clone("failure");
    $("[data-text]", failure).textContent = text;
    const again = () => {
      if (waiting || !failure.isConnected) return;
      failure.remove();
      retry();
    };
    $("button", failure).addEventListener("click", again);
    $(".answer", exchange).replaceChildren(failure);
    return again;
  }

  // --- A person --------------------------------------------------------------------------------

  let pause = SOON;
  let timer = null;

  function offerPerson(exchange) {
    for (const old of log.querySelectorAll(".offer")) old.remove();
    const offer = clone("offer");
    const { conversation_id, request_id } = $("form", offer).elements;
    conversation_id.value = conversation.id;
    request_id.value = newId();
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
    onHeard();
  }

  function showAgent(text) {
    const written = clone("written");
    if (text === words.agentLeft) $("[data-name]", written).remove();
    put($(".bubble", written), text);
    log.append(written);
    return written;
  }

  // --- Speech ----------------------------------------------------------------------------------

  function speak(button) {
    const stops = "reading" in button.dataset;
    speech.cancel(); // ends whatever is read now, and so puts its button back
    if (stops) return;
    const label = button.textContent;
    button.textContent = button.dataset.stop;
    button.dataset.reading = "";
    const texts = [...button.closest(".exchange").querySelectorAll(".answer .bubble")].map((bubble) => bubble.textContent);
    readAloud(texts.join("\n"), () => {
      button.textContent = label;
      delete button.dataset.reading;
    });
  }

  function offerSpeech() {
    onVoices((found) => log.classList.toggle("voiced", found));
    const button = $("#dictate");
    if (!Recognition) return;
    button.hidden = false;
    let stop = null;
    button.addEventListener("click", () => {
      if (stop) return stop();
      const before = box.value.trim() && `${box.value.trim()} `;
      try {
        stop = dictate((text) => (box.value = before + text), (error) => {
          stop = null;
          button.setAttribute("aria-pressed", "false");
          status.textContent = !error || error === "aborted" ? "" : error === "no-speech" ? words.notHeard : words.noMicrophone;
          box.focus({ preventScroll: true });
        });
      } catch {
        status.textContent = words.noMicrophone;
        return;
      }
      button.setAttribute("aria-pressed", "true");
      status.textContent = words.listening;
    });
  }

  // --- What a person does ----------------------------------------------------------------------

  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (form === ask || form.id === "erase") return;
    const { message, said } = form.elements;
    const isReply = message?.tagName === "BUTTON"; // examples and quick replies are forms of one button
    if (!isReply && !form.matches(".callback")) return;
    event.preventDefault();
    if (!isReply) askForPerson(form);
    else if (!waiting) send(message.value, said?.value || message.value);
  });

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
    speech?.cancel();
    conversation = { ...NEW };
    log.replaceChildren();
    remember();
    $("#examples").hidden = false;
    status.textContent = done;
    box.focus();
  });

  log.addEventListener("click", async (event) => {
    const listenTo = event.target.closest("[data-stop]");
    if (listenTo) return speak(listenTo);
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

  document.addEventListener("visibilitychange", () => !document.hidden && conversation.listening && listen());
  addEventListener("pagehide", () => speech?.cancel());

  ask.noValidate = true;
  // A page that came with an answer (the form without script) already knows its conversation.
  conversation.id = ask.elements.conversation_id.value || null;
  if (!log.childElementCount) recall();
  offerSpeech();
  return { box, recall };
}
