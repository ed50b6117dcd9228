// The console's own script: keys, copying, printing. Every page works without it; htmx does the rest.

// Those folded away are no results until they are unfolded.
const RESULT = "[data-results] h2 a:not(details:not([open]) a)";

const box = () => document.querySelector('[data-shortcut="/"]');
const typing = (element) => element.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");

// Arrows walk from the box through the results and back; Enter follows the link by itself.
function walk(event) {
  const results = [...document.querySelectorAll(RESULT)];
  const at = results.indexOf(document.activeElement);
  const inBox = document.activeElement === box();
  if (!results.length || (at < 0 && !inBox)) return;
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  if (inBox && event.key === "ArrowUp") return;
  event.preventDefault();
  (next < 0 ? box() : results[Math.min(next, results.length - 1)]).focus();
}

// Escape: from a result to the box, from a page to the one it came from; a field keeps its own use of the key.
function back(event) {
  const focused = document.activeElement;
  if (box() && focused.matches(RESULT)) return box().select();
  if (typing(focused) || event.defaultPrevented) return focused !== box() && focused.blur();
  document.querySelector("a[data-back]")?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event);
  else if (event.key === "Escape") back(event);
  else if (event.key === "/" && box() && !typing(document.activeElement)) {
    event.preventDefault();
    box().select();
  } else if (event.key === "Enter" && document.activeElement === box()) {
    // With the results of these very words at hand Enter opens the first; without, the form asks.
    const first = document.querySelector(RESULT);
    const answered = document.querySelector("[data-for]")?.dataset.for;
    if (first && answered === box().value.trim()) {
      event.preventDefault();
      first.click();
    }
  }
});

// What a button needs script for is hidden until there is some.
for (const button of document.querySelectorAll("[data-copy], [data-print]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-print]");
  if (!button) return;
  if ("print" in button.dataset) return window.print();
  const text = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector("[data-copied]");
  try {
    await navigator.clipboard.writeText(text.value ?? text.textContent);
    said.textContent = said.dataset.done;
  } catch {
    getSelection().selectAllChildren(text); // no right to the clipboard: Ctrl+C does it
    text.select?.();
    said.textContent = said.dataset.failed;
  }
});

// A form that holds what is stored nowhere else asks before the page is left.
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  let unsaved = form.dataset.unsaved === "typed";
  form.addEventListener("input", () => (unsaved = true));
  form.addEventListener("submit", () => (unsaved = false));
  addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
}

// The session may end while somebody writes. What htmx asks for by itself must not carry them off to the log-in page then
// (HX-Redirect, api/staff/guard.py): they are told, sign in elsewhere, and go on here with that session's form token.
const ended = document.querySelector("[data-session-ended]");
const writing = () =>
  document.querySelector("form[data-unsaved]") || [...document.querySelectorAll("textarea")].some((box) => box.value !== box.defaultValue);

async function renew() {
  const answer = await fetch("/staff/compte", { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("[name=csrf_token]").value;
  for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = token;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF-Token": token }));
  ended.hidden = true;
}

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { status } = event.detail.xhr;
  if (!ended || !writing()) return;
  if (status === 401) {
    event.preventDefault();
    ended.hidden = false;
  } else if (status === 403 || !ended.hidden) renew();
});
addEventListener("focus", () => ended && !ended.hidden && renew());
