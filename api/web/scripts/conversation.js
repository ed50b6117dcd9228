// What shows the conversation `talk` inside `root`: the chat page's document, or the shadow root of a widget. `base` is
// where the service is ("" on its own pages). Returns what the widget needs of it.

const touch = matchMedia("(pointer: coarse)").matches;
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

function converse(root, base, talk, onHeard = () => {}) {
  const $ = (selector, within = root) => within.querySelector(selector);
  const words = $("#words").dataset;
  const log = $("#log");
  const ask = $("#ask");
  const box = $("#message");
  const problem = $("#problem");
  const status = $("#status");
  const shown = new Map(); // of each turn by its key: its node, and what the node says of it

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

  function showReply(exchange, { reply, helpful }) {
    exchange.dataset.outcome = reply.outcome;
    const answer = $(".answer", exchange);
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
    if (helpful !== undefined) thank(exchange, helpful);
    if (reply.outcome === "handoff" && !talk.state.listening) offerPerson(exchange);
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

  function thank(exchange, helpful) {
    const feedback = $(".feedback", exchange);
    const answer = $(helpful ? "[data-thanks]" : "[data-sorry]", feedback);
    feedback.replaceChildren(answer);
    answer.hidden = false;
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

  function say({ kind, detail }) {
    return kind === "refused" ? detail : words[kind].replace("{n}", detail);
  }

  // --- What is new ------------------------------------------------------------------------------

  function show(heardBefore = false) {
    if (heardBefore) log.setAttribute("aria-live", "off");
    const { turns, id, listening } = talk.state;
    for (const [key, { node }] of shown) {
      if (turns.some((turn) => turn.key === key)) continue;
      node.remove();
      shown.delete(key);
    }
    turns.forEach(showTurn);
    if (listening) $(".offer", log)?.remove();
    const empty = !log.childElementCount;
    $("#examples").hidden = !empty;
    $("#erase").hidden = empty && !id;
    log.setAttribute("aria-live", "polite");
    if (talk.sending) status.textContent = words.waiting;
    else if (status.textContent === words.waiting) status.textContent = "";
  }

  function showTurn(turn) {
    const { key, said, reply, failure } = turn;
    if (!shown.has(key)) shown.set(key, { node: said === undefined ? showAgent(turn) : startExchange(said), says: null });
    const entry = shown.get(key);
    const says = reply ?? failure ?? null;
    if (said === undefined || entry.says === says) return;
    entry.says = says;
    $(".answer", entry.node).replaceChildren();
    if (reply) showReply(entry.node, turn);
    else if (failure) showFailure(entry.node, failure);
  }

  function showFailure(exchange, failure) {
    const shown = clone("failure");
    $("[data-text]", shown).textContent = say(failure);
    const again = $("button", shown);
    if (failure.kind === "refused") again.remove();
    else again.addEventListener("click", () => talk.again());
    $(".answer", exchange).append(shown);
  }

  talk.show(({ turn, replaced, erased }) => {
    if (erased) {
      hush();
      log.replaceChildren();
    }
    show(replaced);
    if (!turn) return;
    const { node } = shown.get(turn.key);
    reveal(node);
    if (!turn.failure) onHeard();
    // On a telephone a focused box keeps the keyboard up, over the answer.
    if (turn.said === undefined) return;
    if (!touch) box.focus({ preventScroll: true });
    else if (!box.value) $("h2", node).focus({ preventScroll: true });
  });

  function send(message, said) {
    hush();
    talk.send(message, said);
    reveal(log.lastElementChild);
  }

  // --- A person --------------------------------------------------------------------------------

  function offerPerson(exchange) {
    for (const old of log.querySelectorAll(".offer")) old.remove();
    const offer = clone("offer");
    const { conversation_id, request_id } = $("form", offer).elements;
    conversation_id.value = talk.state.id;
    request_id.value = newId();
    $(".answer", exchange).after(offer);
  }

  async function askForPerson(form) {
    const { first_name, phone, subject, consent, here, request_id } = form.elements;
    const wrong = $(".problem", form);
    wrong.textContent = "";
    try {
      await talk.request("/api/callbacks", {
        body: JSON.stringify({
          first_name: first_name.value,
          phone: phone.value,
          subject: subject.value,
          consent: consent.checked,
          here: here.checked,
          conversation_id: talk.state.id,
          request_id: request_id.value,
        }),
      });
    } catch (error) {
      wrong.textContent = say(error);
      return;
    }
    const sent = clone("sent");
    form.closest(".offer").replaceWith(sent);
    sent.focus({ preventScroll: true });
    talk.listen();
  }

  function showAgent({ agent, left }) {
    const written = clone("written");
    if (left) $("[data-name]", written).remove();
    put($(".bubble", written), left ? words.agentLeft : agent);
    if (agent) written.append(clone("listen"));
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
    const texts = [...button.closest(".exchange, .written").querySelectorAll(".bubble:not(.said)")].map((bubble) => bubble.textContent);
    readAloud(texts.join("\n"), () => {
      button.textContent = label;
      delete button.dataset.reading;
    });
  }

  let dictation = null;

  // Nothing is read, and nothing listened to, once the person has gone on to something else.
  function hush() {
    speech?.cancel();
    dictation?.drop();
  }

  function offerSpeech() {
    onVoices((found) => log.classList.toggle("voiced", found));
    const button = $("#dictate");
    if (!Recognition) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      if (dictation) return dictation.stop();
      const before = box.value.trim() && `${box.value.trim()} `;
      try {
        dictation = dictate((text) => (box.value = before + text), (error, dropped) => {
          dictation = null;
          button.setAttribute("aria-pressed", "false");
          if (dropped && status.textContent !== words.listening) return;
          status.textContent = !error || error === "aborted" ? "" : error === "no-speech" ? words.notHeard : words.noMicrophone;
          if (!dropped) box.focus({ preventScroll: true });
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
    else if (!talk.sending) send(message.value, said?.value || message.value);
  });

  ask.addEventListener("submit", (event) => {
    event.preventDefault();
    const message = box.value.trim();
    const written = /[^\s\p{C}]/u.test(message); // as the server sees it: signs without a width are nothing
    const tooLong = message.length > Number(words.longest);
    complain(!written ? words.empty : tooLong ? words.tooLong : "");
    if (written && !tooLong) {
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
    const { doing, done, failed } = event.target.dataset;
    status.textContent = doing;
    try {
      await talk.erase();
    } catch {
      status.textContent = failed;
      return;
    }
    status.textContent = done;
    box.focus();
  });

  log.addEventListener("click", async (event) => {
    const listenTo = event.target.closest("[data-stop]");
    if (listenTo) return speak(listenTo);
    const button = event.target.closest("[data-helpful]");
    if (!button) return;
    const exchange = button.closest(".exchange");
    const turn = talk.state.turns.find(({ key }) => shown.get(key)?.node === exchange);
    const helpful = button.dataset.helpful === "true";
    const body = JSON.stringify({ conversation_id: talk.state.id, helpful, comment: null });
    button.disabled = true;
    try {
      await talk.request("/api/feedback", { body });
    } catch (error) {
      button.disabled = false;
      status.textContent = say(error);
      return;
    }
    talk.rate(turn, helpful);
    thank(exchange, helpful);
    box.focus({ preventScroll: true });
  });

  addEventListener("pagehide", hush);

  ask.noValidate = true;
  const known = ask.elements.conversation_id.value;
  if (known) talk.adopt(known);
  else if (talk.state.turns.length) show(true); // in another widget of the page
  talk.sync();
  offerSpeech();
  return { box, hush };
}
