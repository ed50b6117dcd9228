// <passerelle-chat>: the assistant on another site's page, in a shadow root. Until it is opened it asks nothing of
// anybody and stores nothing. SAID (api/web/widget.yml) and STYLE (static/style.css, scripts/widget.css) are put in
// front by api/web/scripts/__init__.py.

const TAG = "passerelle-chat";
const SVG = "http://www.w3.org/2000/svg";
const REM = 1.125; // of the size that the person chose for texts, as on our own pages
const script = document.currentScript;
const BASE = new URL(".", script.src).href.slice(0, -1);
const first = !customElements.get(TAG); // the tag may stand on a page twice
const talk = first && openTalk(BASE);

// A page may allow markup from strings to named policies only, each of them once.
const policy = first && globalThis.trustedTypes?.createPolicy(TAG, { createHTML: (html) => html });

function markup(html) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(html) : html;
  for (const content of [template.content, ...[...template.content.querySelectorAll("template")].map((t) => t.content)]) {
    for (const link of content.querySelectorAll('a[href^="/"]')) link.href = BASE + link.getAttribute("href");
  }
  return template.content;
}

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "path"));
  svg.firstChild.setAttribute("d", path);
  return svg;
}

// Black or white, whichever is easier to read on a colour (relative luminance of WCAG 2.2): 4.58 to 1 at the least.
function readableOn([red, green, blue]) {
  const linear = [red, green, blue].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return (light + 0.05) ** 2 > 0.05 * 1.05 ? "#000" : "#fff";
}

// rem belongs to the page around us: sizes follow what the person chose in the browser instead.
function dress(root) {
  const probe = element("span");
  probe.style.all = "initial"; // fixed-width letters have another medium
  root.append(probe);
  const rem = parseFloat(getComputedStyle(probe).fontSize) * REM;
  probe.remove();
  const style = STYLE.replace(/(\d*\.?\d+)rem\b/g, (_, number) => `${number * rem}px`);
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Telephones of before 2023 make no sheets by script. Rules may be put into an empty one, which a page can allow
    // by the digest of nothing (docs/widget.md).
    const { sheet } = root.appendChild(element("style"));
    for (const rule of rulesOf(style)) {
      try {
        sheet?.insertRule(rule, sheet.cssRules.length);
      } catch {
        // What such a browser does not know it would leave out of a sheet, too.
      }
    }
  }
}

function rulesOf(style) {
  let depth = 0;
  let start = 0;
  const rules = [];
  for (const { 0: brace, index } of style.matchAll(/[{}]/g)) {
    depth += brace === "{" ? 1 : -1;
    if (depth) continue;
    rules.push(style.slice(start, index + 1));
    start = index + 1;
  }
  return rules;
}

class PasserelleChat extends HTMLElement {
  static observedAttributes = ["color"];
  #dialog;
  #talk;
  #loading;

  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    dress(root);

    const launcher = element("button", { type: "button", className: "launcher", lang: "fr" }, icon("M4 4h16v12H11l-5 4v-4H4z"), SAID.launch);
    launcher.setAttribute("aria-haspopup", "dialog");
    launcher.addEventListener("click", () => this.open());
    const frame = element("div", { className: "corner" }, launcher);
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", SAID.name);
    frame.lang = "fr";

    const close = element("button", { type: "button", className: "close" }, SAID.close);
    close.addEventListener("click", () => this.close());
    const title = element("h2", { id: "title" }, SAID.title);
    const bar = element("div", { className: "bar" }, title, close);
    this.#dialog = element("dialog", { lang: "fr" }, bar, element("div", { className: "panel" }));
    this.#dialog.setAttribute("aria-labelledby", "title");
    this.#dialog.addEventListener("close", () => this.#talk?.hush());
    root.append(frame, this.#dialog);
    this.attributeChangedCallback();
    for (const name of ["resize", "scroll"]) globalThis.visualViewport?.addEventListener(name, () => this.#fit());
    // Opened on the page before, and an agent may be writing: their message is announced here too.
    if (parsed(kept()).listening) this.#load();
  }

  attributeChangedCallback() {
    const launcher = this.shadowRoot?.querySelector(".launcher");
    if (!launcher) return;
    // Whatever way a colour is written, the browser gives it back as numbers.
    this.style.removeProperty("--brand");
    launcher.style.color = "";
    launcher.style.color = this.getAttribute("color") ?? "";
    const numbers = launcher.style.color && getComputedStyle(launcher).color.match(/^rgb\((\d+), (\d+), (\d+)\)$/)?.slice(1).map(Number);
    launcher.style.color = "";
    const { style } = this;
    if (numbers) style.setProperty("--brand", `rgb(${numbers})`);
    if (numbers) style.setProperty("--on-brand", readableOn(numbers));
    else style.removeProperty("--on-brand");
  }

  async open() {
    for (const one of document.querySelectorAll(TAG)) one.#launcher.lastChild.textContent = SAID.launch;
    // Modal: the focus stays inside, the page behind is out of reach, Escape closes, the focus goes back.
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#fit();
    await this.#load();
    talk.sync();
    if (this.#dialog.open) this.#talk?.box.focus();
  }

  close() {
    this.#dialog.close();
  }

  #load() {
    this.#loading ??= this.#fetch().catch(() => {
      this.#say(SAID.failed, "alert");
      this.#loading = null;
    });
    return this.#loading;
  }

  async #fetch() {
    this.#say(SAID.loading, "status");
    const controller = new AbortController();
    const patience = setTimeout(() => controller.abort(), PATIENCE);
    const response = await fetch(`${BASE}/widget/panneau`, { signal: controller.signal }).finally(() => clearTimeout(patience));
    if (!response.ok) throw new Error(response.status);
    this.shadowRoot.querySelector(".panel").replaceChildren(markup(await response.text()));
    this.#talk = converse(this.shadowRoot, BASE, talk, () => this.#heard());
  }

  #say(text, role) {
    const said = element("p", { className: "notice" });
    said.setAttribute("role", role);
    this.shadowRoot.querySelector(".panel").replaceChildren(said);
    said.textContent = text;
  }

  get #launcher() {
    return this.shadowRoot.querySelector(".launcher");
  }

  #heard() {
    if ([...document.querySelectorAll(TAG)].some((one) => one.#dialog.open)) return;
    const launcher = this.#launcher;
    launcher.parentElement.setAttribute("aria-live", "polite");
    launcher.lastChild.textContent = SAID.heard;
  }

  // The keyboard of a telephone covers the lower half of the page without making it smaller: what is left is ours.
  #fit() {
    const { height, offsetTop, scale } = globalThis.visualViewport ?? { scale: 0 };
    const { style } = this.#dialog;
    // Who magnifies moves over the panel; it stays as large as it is.
    if (Math.abs(scale - 1) > 0.01) return;
    style.setProperty("--height", `${height}px`);
    style.setProperty("--top", `${offsetTop}px`);
  }
}

function begin() {
  customElements.define(TAG, PasserelleChat);
  if (document.querySelector(TAG)) return;
  const own = document.createElement(TAG);
  for (const name of ["color", "position"]) if (script.dataset[name]) own.setAttribute(name, script.dataset[name]);
  document.body.append(own);
}

if (first) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
}
