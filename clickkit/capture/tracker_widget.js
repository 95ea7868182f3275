// The tracker as a widget: one button a site, consent, and what became of each click.
// `createTracker`, `createConsent` and `hints` come from tracker.js, which is put in front of this file.

const ANSWER_TIMEOUT_MS = 10_000;

const CONSENT = {
  off: "Off: clicks carry no position.",
  asking: "Asking your browser for its position …",
  shared: "On: your city and country go with each click; the position is rounded to about 11 km.",
  declined: "Off: clicks carry no position",
};

function element(tag, properties = {}, ...children) {
  const { dataset, ...plain } = properties;
  const node = Object.assign(document.createElement(tag), plain);
  Object.assign(node.dataset, dataset);
  node.append(...children);
  return node;
}

// The drawing is a file of clickkit's; nothing that a visitor says comes here.
function icon(drawing) {
  return element("span", { className: "ck-icon", innerHTML: drawing });
}

const milliseconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

function facts(stored) {
  const { device = {}, location, timestamp } = stored.event;
  const names = [location?.city, location?.country].filter(Boolean).join(", ");
  const place = location?.source === "timezone" ? `${names}, by the time zone` : names;
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
  const icons = new Map(model.get("sites").map((site) => [site.button, site.icon]));

  const status = element("p", { className: "ck-hint" }, CONSENT.off);
  const toggle = element("input", { type: "checkbox", className: "ck-switch", role: "switch" });
  const consent = createConsent(({ state, reason }) => {
    toggle.checked = state === "asking" || state === "shared";
    status.textContent = reason ? `${CONSENT[state]} (${reason}).` : CONSENT[state];
  });
  toggle.addEventListener("change", () => (toggle.checked ? consent.allow() : consent.decline()));

  // Only the headline is spoken: a click is told in one sentence.
  const headline = element("p", { className: "ck-headline", role: "status" });
  const captured = element("dl", { className: "ck-facts" });
  const json = element("pre", { tabIndex: 0 });
  const exact = element("details", { className: "ck-exact", hidden: true }, element("summary", {}, "As JSON"), json);
  const again = element("button", { className: "ck-button", type: "button", hidden: true }, "Send again");
  const hint = element("p", { className: "ck-hint" }, "Click a site above: what was captured appears here.");
  const feedback = element("div", { className: "ck-feedback", tabIndex: -1 }, hint, headline, captured, exact, again);
  again.addEventListener("click", () => {
    feedback.focus(); // the button goes when the click is stored
    keptClicks().forEach(send);
  });

  function send(click) {
    click.failed = false;
    clearTimeout(click.timer);
    click.timer = setTimeout(failed, ANSWER_TIMEOUT_MS, { id: click.event.id, reason: "no answer came; is the notebook's kernel running?" });
    model.send({ kind: "click", event: { ...click.event, sentAt: new Date().toISOString() }, userAgent: navigator.userAgent, hints });
  }

  async function capture(site, pointer) {
    const click = { clicked: performance.now(), event: tracker.event(site.button, site.page_url, pointer) };
    waiting.set(click.event.id, click);
    show("pending", site.button, "on its way …", { rows: [] });
    const location = await consent.location();
    if (location) click.event.location = location;
    send(click);
  }

  const keptClicks = () => [...waiting.values()].filter((click) => click.failed);

  function show(state, button, text, { rows, event, canSendAgain = false }) {
    headline.ariaBusy = String(state === "pending"); // what comes of it is spoken, not that it is on its way
    headline.replaceChildren(element("strong", {}, button), ` ${text}`);
    captured.replaceChildren(...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
    json.textContent = event ? JSON.stringify(event, null, 2) : "";
    exact.hidden = !event;
    again.hidden = !canSendAgain;
    feedback.firstChild.replaceWith(icon(icons.get(button)));
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
    show("stored", button, `stored as click ${message.id.slice(0, 8)} …`, { rows, event: message.event });
  }

  function failed(message) {
    const click = waiting.get(message.id);
    if (!click) return;
    click.failed = true;
    clearTimeout(click.timer);
    const rows = [["Why", message.reason]];
    show("failed", click.event.button, `was not stored; ${keptClicks().length} kept in this page.`, { rows, canSendAgain: true });
  }

  model.on("msg:custom", (message) => {
    if (message.kind === "stored") stored(message);
    if (message.kind === "failed") failed(message);
  });

  const grid = element("div", { className: "ck-grid" });
  for (const site of model.get("sites")) {
    const button = element("button", { type: "button", className: "ck-site", dataset: { button: site.button } });
    button.append(icon(site.icon), element("span", {}, site.button), element("span", { className: "ck-count" }));
    button.addEventListener("click", (pointer) => capture(site, pointer));
    grid.append(button);
  }

  el.classList.add("clickkit", "ck-card", "ck-tracker");
  el.append(
    element("h2", {}, "Click a button"),
    grid,
    element("label", { className: "ck-consent" }, toggle, element("span", {}, "Share my city with each click")),
    status,
    element("h2", {}, "What was captured"),
    feedback,
  );
}

export default { render };
