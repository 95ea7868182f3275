// The tracker as a widget: one button a site, consent, and what became of each click.
// `createTracker` and `createConsent` come from tracker.js, which is put in front of this file.

const ICONS = {
  Google: `<rect width="48" height="48" rx="12" fill="#fff"/><g fill="none" stroke-width="6"><path d="M34 16a13 13 0 0 0-21-1" stroke="#ea4335"/><path d="M13 15a13 13 0 0 0 0 18" stroke="#fbbc05"/><path d="M13 33a13 13 0 0 0 20 1" stroke="#34a853"/><path d="M33 34a13 13 0 0 0 4-10H25" stroke="#4285f4"/></g>`,
  YouTube: `<rect width="48" height="48" rx="12" fill="#fff"/><rect x="6" y="12" width="36" height="25" rx="7" fill="#f00"/><path d="M20.5 18.500v12l10.5-6z" fill="#fff"/>`,
  Facebook: `<rect width="48" height="48" rx="12" fill="#1877f2"/><path d="M26 44V28h6l1-7h-7v-4c0-2.5 1-4 4-4h4V7c-8-1.5-14 1-14 9v5h-6v7h6v16z" fill="#fff"/>`,
  Instagram: `<defs><linearGradient id="ck-ig" x1="0" y1="1" x2="1" y2="0"><stop offset="0" stop-color="#fdc14b"/><stop offset=".5" stop-color="#e1306c"/><stop offset="1" stop-color="#6a3bd1"/></linearGradient></defs><rect width="48" height="48" rx="12" fill="url(#ck-ig)"/><g fill="none" stroke="#fff" stroke-width="3"><rect x="10" y="10" width="28" height="28" rx="8"/><circle cx="24" cy="24" r="7"/></g><circle cx="32" cy="16" r="2" fill="#fff"/>`,
  X: `<rect width="48" height="48" rx="12" fill="#0b0b0c"/><path d="M13 12h6l16 24h-6z" fill="none" stroke="#fff" stroke-width="2.5"/><path d="M34 12 25.5 22M22.5 26 14 36" stroke="#fff" stroke-width="2.5"/>`,
  Wikipedia: `<rect width="48" height="48" rx="12" fill="#fff"/><g fill="none" stroke="#202122" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"><path d="m11 15 8 19 9-19M20 15l9 19 8-19"/><path d="M8 15h6M17 15h6M25 15h6M34 15h6"/></g>`,
  Reddit: `<rect width="48" height="48" rx="12" fill="#ff4500"/><ellipse cx="24" cy="28" rx="14" ry="10" fill="#fff"/><circle cx="34" cy="12" r="3" fill="#fff"/><path d="M24 18 27 10l7 2" fill="none" stroke="#fff" stroke-width="2"/><circle cx="10" cy="23" r="3.5" fill="#fff"/><circle cx="38" cy="23" r="3.5" fill="#fff"/><circle cx="18.5" cy="26" r="2.5" fill="#ff4500"/><circle cx="29.5" cy="26" r="2.5" fill="#ff4500"/><path d="M18 32c4 3 8 3 12 0" fill="none" stroke="#ff4500" stroke-width="2" stroke-linecap="round"/>`,
  Amazon: `<rect width="48" height="48" rx="12" fill="#131921"/><path d="M17 18c1-5 13-6 13 1v11m0-8c-16-1-16 11-8 11 5 0 8-4 8-8" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round"/><path d="M9 37c9 6 20 6 29 0m-4-1.5 4.5 1-1 4.5" fill="none" stroke="#f90" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/>`,
  LinkedIn: `<rect width="48" height="48" rx="12" fill="#0a66c2"/><circle cx="14" cy="14" r="3.2" fill="#fff"/><path d="M14 21v15M22 36V21m0 7c0-8 12-9 12 0v8" fill="none" stroke="#fff" stroke-width="5"/>`,
  GitHub: `<rect width="48" height="48" rx="12" fill="#24292f"/><path d="M14 12l5 3.500c3-1 7-1 10 0L34 12c1 3 1 5 0 7 3 4 3 13-6 15v7h-8v-7c-9-2-9-11-6-15-1-2-1-4 0-7z" fill="#fff"/><path d="M20 38c-4 1-6-1-7-3" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round"/>`,
  Netflix: `<rect width="48" height="48" rx="12" fill="#0b0b0c"/><path d="M15 9h6v30h-6z" fill="#b1060f"/><path d="M27 9h6v30h-6z" fill="#b1060f"/><path d="M15 9h6l12 30h-6z" fill="#e50914"/>`,
  WhatsApp: `<rect width="48" height="48" rx="12" fill="#25d366"/><path d="m10 38 2-8a14 14 0 1 1 5.5 6z" fill="none" stroke="#fff" stroke-width="3" stroke-linejoin="round"/><path d="M19 17c-2 5 6 14 12 13l1.5-3.5-4-2-2 1.500c-2-1-3.5-2.5-4.5-4.500l1.5-2-2-3.500z" fill="#fff"/>`,
};

const ANSWER_TIMEOUT_MS = 10_000;

const CONSENT = {
  off: "Off: clicks carry no place.",
  asking: "Asking your browser for its position …",
  shared: "On: your city and country go with each click; the position is rounded to about 11 km.",
  declined: "Off: clicks carry no place",
};

function element(tag, properties = {}, ...children) {
  const { dataset, ...plain } = properties;
  const node = Object.assign(document.createElement(tag), plain);
  Object.assign(node.dataset, dataset);
  node.append(...children);
  return node;
}

function icon(name) {
  const drawing = ICONS[name] ?? `<rect width="48" height="48" rx="12" fill="#7a8699"/>`;
  return element("span", { className: "ck-icon", innerHTML: `<svg viewBox="0 0 48 48" aria-hidden="true">${drawing}</svg>` });
}

const milliseconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

function facts(stored) {
  const { device = {}, location, timestamp } = stored.event;
  const place = [location?.city, location?.country].filter(Boolean).join(", ");
  const platform = [device.platform, device.platformVersion].filter(Boolean).join(" ");
  const browser = [device.browser, device.browserVersion].filter(Boolean).join(" ");
  return [
    ["Device", [device.type, platform, browser].filter(Boolean).join(" · ") || "not recognised"],
    ["Place", place || (location ? "far from any town" : "not shared")],
    ["Page", stored.event.pageUrl],
    ["Time", `${timestamp.slice(0, 10)} ${timestamp.slice(11, 23)} UTC`],
    ["Stored in", stored.store],
    ["Took", `${milliseconds(stored.total)} in all: ${milliseconds(stored.enriched)} to enrich, ${milliseconds(stored.durable)} to make durable`],
  ];
}

function render({ model, el }) {
  const tracker = createTracker();
  const waiting = new Map();
  const counts = new Map();

  const status = element("p", { className: "ck-hint" }, CONSENT.off);
  const toggle = element("input", { type: "checkbox", className: "ck-switch", role: "switch" });
  const consent = createConsent(({ state, reason }) => {
    toggle.checked = state === "asking" || state === "shared";
    status.textContent = reason ? `${CONSENT[state]} (${reason}).` : CONSENT[state];
  });
  toggle.addEventListener("change", () => (toggle.checked ? consent.allow() : consent.decline()));

  const feedback = element("div", { className: "ck-feedback", role: "status" });
  feedback.setAttribute("aria-live", "polite");
  feedback.append(element("p", { className: "ck-hint" }, "Click a site above: what was captured appears here."));

  function send(click) {
    click.failed = false;
    clearTimeout(click.timer);
    click.timer = setTimeout(failed, ANSWER_TIMEOUT_MS, { id: click.event.id, reason: "no answer came; is the notebook's kernel running?" });
    model.send({ kind: "click", event: { ...click.event, sentAt: new Date().toISOString() }, userAgent: navigator.userAgent });
  }

  async function capture(site, pointer) {
    const click = { clicked: performance.now(), event: tracker.event(site.button, site.page_url, pointer) };
    waiting.set(click.event.id, click);
    show("pending", site.button, "on its way …", []);
    const location = await consent.location();
    if (location) click.event.location = location;
    send(click);
  }

  function show(state, button, headline, rows, ...actions) {
    const list = element("dl", { className: "ck-facts" });
    for (const [name, value] of rows) list.append(element("dt", {}, name), element("dd", {}, value));
    const title = element("p", { className: "ck-headline" }, element("strong", {}, button), ` ${headline}`);
    feedback.replaceChildren(icon(button), title, list, ...actions);
    feedback.dataset.state = state;
  }

  function stored(message) {
    const click = waiting.get(message.id);
    if (!click) return;
    waiting.delete(message.id);
    clearTimeout(click.timer);
    const { button } = click.event;
    const count = (counts.get(button) ?? 0) + 1;
    counts.set(button, count);
    const badge = grid.querySelector(`[data-button="${CSS.escape(button)}"] .ck-count`);
    badge.textContent = count;
    const rows = facts({ ...message, total: performance.now() - click.clicked });
    show("stored", button, `stored as click ${message.id.slice(0, 8)} …`, rows);
  }

  function failed(message) {
    const click = waiting.get(message.id);
    if (!click) return;
    click.failed = true;
    clearTimeout(click.timer);
    const kept = [...waiting.values()].filter((one) => one.failed);
    const again = element("button", { className: "ck-button", type: "button" }, "Send again");
    again.addEventListener("click", () => kept.forEach(send));
    show("failed", click.event.button, `was not stored; ${kept.length} kept in this page.`, [["Why", message.reason]], again);
  }

  model.on("msg:custom", (message) => {
    if (message.kind === "stored") stored(message);
    if (message.kind === "failed") failed(message);
  });

  const grid = element("div", { className: "ck-grid" });
  for (const site of model.get("sites")) {
    const button = element("button", { type: "button", className: "ck-site", dataset: { button: site.button } });
    button.append(icon(site.button), element("span", {}, site.button), element("span", { className: "ck-count" }));
    button.addEventListener("click", (pointer) => capture(site, pointer));
    grid.append(button);
  }

  el.classList.add("clickkit", "ck-card", "ck-tracker");
  el.append(
    element("h2", {}, "Click a button"),
    grid,
    element("label", { className: "ck-consent" }, toggle, element("span", {}, "Share my city with each click")),
    status,
    feedback,
  );
}

export default { render };
