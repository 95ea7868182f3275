// The tracker on a page. The collector serves it at /tracker.js, behind tracker.js, which makes the events.
//
//   <script type="module" src="http://127.0.0.1:8000/tracker.js"></script>
//   <button data-click="Sign up">Join us</button>
//
// sends each click on an element with `data-click` to where the script came from, or to the script's
// `data-collector`. An empty `data-click` means the element's text. In code:
//
//   import { track, start, createConsent } from "http://127.0.0.1:8000/tracker.js";
//   track("Sign up", { properties: { plan: "free" } });
//   start({ consent: createConsent(({ state }) => …) });
//   start({ report: (event, outcome, detail) => … });
//
// `report` hears of each event: accepted, refused (with the reason), suppressed (the collector saw a privacy
// signal), or waiting (with the HTTP status, 0 without an answer), which means that it is sent again.
// `optOut()` forgets everything and is remembered until `optIn()`, which lets `start` and `track` work again.
//
// An event waits in localStorage until the collector has answered for it, if need be until the next visit.
// After `optOut()`, and with Global Privacy Control or Do Not Track on, nothing is stored, queued or sent.

const QUEUE_EVENTS = 1000;
const QUEUE_BYTES = 1_000_000;
const BATCH_EVENTS = 100;
const BATCH_BYTES = 28_000; // browsers allow 64 KiB for a request with keepalive and a beacon together
const KEEPALIVE_BYTES = 60_000;
const REQUEST_TIMEOUT_MS = 30_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const LONGEST_ASKED_WAIT_MS = 60 * 60 * 1000;

const OURS = "clickkit.";
const QUEUE = "clickkit.queue.";
const OPT_OUT = "clickkit-opt-out"; // not one of OURS, which are forgotten

let sender = null;
let consent = null;
let report = () => {};

// Captures clicks on `data-click` elements and sends what an earlier visit left. The first call decides
// the collector; `consent`, made by createConsent, adds the location to events from then on.
export function start(options = {}) {
  consent = options.consent ?? consent;
  report = options.report ?? report;
  attempt(() => {
    if (objects()) return keysOf(OURS).forEach(forget);
    openSender(options.collector).flush();
    document.addEventListener("click", autocapture, true);
  });
}

// Queues and sends one event, and returns it; undefined when nothing was kept. `fields` are the event's
// other fields by their JSON names: event, pageUrl, variants, durationMs, properties.
export function track(button, fields = {}, pointer = undefined) {
  return attempt(() => {
    if (objects()) return undefined;
    const made = createTracker().event(button, location.href, pointer);
    const event = { ...made, ...fields, id: made.id, timestamp: made.timestamp, sentAt: undefined };
    const { flush } = openSender();
    const key = enqueue(event);
    if (!key) return undefined;
    addLocation(key, event).then(flush, warn);
    return event;
  });
}

// Nothing here may break the page that it is in.
function attempt(action) {
  try {
    return action();
  } catch (error) {
    return warn(error);
  }
}

function warn(...words) {
  console.warn("clickkit:", ...words);
}

export function optOut() {
  keep(OPT_OUT, "1");
  keysOf(OURS).forEach(forget);
}

export function optIn() {
  forget(OPT_OUT);
}

export function hasOptedOut() {
  return recall(OPT_OUT) === "1";
}

export function asksForPrivacy() {
  return Boolean(navigator.globalPrivacyControl) || navigator.doNotTrack === "1";
}

function objects() {
  return asksForPrivacy() || hasOptedOut();
}

export function countQueued() {
  return pending().length;
}

function openSender(collector = new URL(".", import.meta.url).href) {
  sender ??= createSender(new URL(collector.replace(/\/?$/, "/clicks"), location.href).href);
  return sender;
}

// Enter and the space bar arrive here too: on a button or a link they click.
function autocapture(pointer) {
  attempt(() => {
    const clicked = pointer.composedPath().find((node) => node.hasAttribute?.("data-click"));
    if (clicked) track(nameOf(clicked), {}, pointer);
  });
}

function nameOf(node) {
  const text = node.textContent.trim().replace(/\s+/g, " ");
  return node.getAttribute("data-click") || text || node.getAttribute("aria-label") || node.localName;
}

async function addLocation(key, event) {
  const found = await consent?.location();
  if (found && recall(key)) keep(key, JSON.stringify({ ...event, location: found }));
}

// Every event has a key of its own, which sorts by time: tabs add and remove without undoing each other.
function pending() {
  const entries = keysOf(QUEUE).map((key) => ({ key, text: recall(key) }));
  return entries.filter(({ text }) => text);
}

function bytesOf(text) {
  return new TextEncoder().encode(text).length;
}

// A full queue keeps its oldest events. A new one is refused; the gap in the sequence shows it.
function enqueue(event) {
  const text = JSON.stringify(event);
  const waiting = pending();
  const bytes = waiting.reduce((sum, entry) => sum + bytesOf(entry.text), bytesOf(text));
  if (waiting.length >= QUEUE_EVENTS || bytes > QUEUE_BYTES) {
    return warn(`no room for this event, ${waiting.length} are waiting for the collector`, event.id);
  }
  const key = `${QUEUE}${event.timestamp}.${event.id}`;
  keep(key, text);
  return key;
}

// The entries that go together: as many as fit, and at least one.
function nextBatch(entries, size) {
  let bytes = 0;
  const end = entries.findIndex(({ text }, index) => {
    bytes += bytesOf(text);
    return index === size || (index > 0 && bytes > BATCH_BYTES);
  });
  return end < 0 ? entries : entries.slice(0, end);
}

function encoded(batch) {
  const ending = `,"sentAt":"${new Date().toISOString()}"}`;
  return `[${batch.map(({ text }) => text.slice(0, -1) + ending).join()}]`;
}

async function post(address, body) {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      keepalive: bytesOf(body) <= KEEPALIVE_BYTES,
      credentials: "omit",
      signal: AbortSignal.timeout?.(REQUEST_TIMEOUT_MS),
    });
    const answer = (await response.json().catch(() => null)) ?? {};
    return { status: response.status, retryAfter: response.headers.get("Retry-After"), ...answer };
  } catch {
    return { status: 0, retryAfter: null };
  }
}

// Milliseconds that a Retry-After asks for: it is in seconds, or a date.
function askedWait(retryAfter) {
  if (!retryAfter) return 0;
  const seconds = Number(retryAfter);
  const wait = Number.isNaN(seconds) ? Date.parse(retryAfter) - Date.now() : seconds * 1000;
  return Math.min(Math.max(wait || 0, 0), LONGEST_ASKED_WAIT_MS);
}

function tell(text, outcome, detail) {
  attempt(() => report(parsed(text) ?? {}, outcome, detail));
}

// Sends the queue, oldest first, one batch after the other: a batch is what gathered meanwhile.
function createSender(address) {
  let isBusy = false;
  let failures = 0;
  let size = BATCH_EVENTS;
  let beaconed = new Set();

  const waiting = () => (objects() ? [] : pending());
  const hinted = () => `${address}?hints=${encodeURIComponent(JSON.stringify(hints))}`;

  async function flush() {
    if (isBusy) return;
    isBusy = true; // and free in the same step as the queue is seen empty, or an event could be passed over
    try {
      for (let batch = nextBatch(waiting(), size); batch.length; batch = nextBatch(waiting(), size)) {
        const answer = await post(hinted(), encoded(batch));
        if (settle(batch, answer)) {
          failures = 0;
        } else {
          for (const { text } of batch) tell(text, "waiting", answer.status);
          await rest(askedWait(answer.retryAfter));
        }
      }
    } catch (error) {
      warn(error);
    }
    isBusy = false;
  }

  // Tells whether the collector decided about the batch; if not, the same events are sent again later.
  function settle(batch, { status, rejected, suppressed }) {
    const isRefused = status === 400 || status === 413;
    if (!isRefused && !(status === 200 && Array.isArray(rejected))) return false;
    const named = rejected ?? [{ index: 0, field: "body", reason: `answered with ${status}` }];
    if (isRefused && named.length < batch.length) {
      size = Math.floor(batch.length / 2);
      return true;
    }
    for (const { index, field, reason } of named) warn(`refused, ${field}: ${reason}`, batch[index]?.text);
    const reasons = new Map(named.map(({ index, reason }) => [index, reason]));
    const otherwise = suppressed ? "suppressed" : "accepted";
    batch.forEach(({ key, text }, index) => {
      forget(key);
      tell(text, reasons.has(index) ? "refused" : otherwise, reasons.get(index));
    });
    size = Math.min(size * 2, BATCH_EVENTS);
    return true;
  }

  // A wait that nobody asked for ends when the network is back.
  function rest(asked) {
    const longest = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
    failures += 1;
    return new Promise((resolve) => {
      setTimeout(resolve, asked + longest * (0.5 + Math.random() / 2));
      if (!asked) addEventListener("online", resolve, { once: true });
    });
  }

  // The newest go by beacon and stay in the queue: nobody hears the answer. The store drops repeats.
  function hide() {
    attempt(() => {
      const unsaid = waiting().filter(({ key }) => !beaconed.has(key));
      const batch = nextBatch(unsaid.reverse(), BATCH_EVENTS);
      if (batch.length && navigator.sendBeacon?.(hinted(), encoded(batch))) {
        beaconed = new Set(batch.map(({ key }) => key));
      }
    });
  }

  addEventListener("pagehide", hide);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && hide());
  return { flush };
}

// As a page's own script it starts by itself; imported, it waits for `start` or `track`.
const ownScript = [...document.scripts].find(({ src }) => src === import.meta.url);
if (ownScript) start({ collector: ownScript.dataset.collector });
