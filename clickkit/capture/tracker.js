// The tracker: makes an event where the click happens. `id` and `timestamp` never change afterwards.
// It stands in front of tracker_page.js on a page, and of tracker_widget.js in a notebook.

const SESSION_GAP_MS = 30 * 60 * 1000;
const SESSION_LIMIT_MS = 24 * 60 * 60 * 1000;
const POSITION_PATIENCE_MS = 700;

// Visitor and session are the browser's, so that all its tabs count in one sequence.
export function createTracker() {
  function visitor() {
    const visitorId = parsed(recall("clickkit.visitor")) ?? newId();
    keep("clickkit.visitor", JSON.stringify(visitorId));
    return visitorId;
  }

  function nextInSession(now) {
    let session = parsed(recall("clickkit.session"));
    const isOver = !session || now - session.last > SESSION_GAP_MS || now - session.start > SESSION_LIMIT_MS;
    if (isOver) session = { id: newId(), start: now, sequence: -1 };
    session.last = now;
    session.sequence += 1;
    keep("clickkit.session", JSON.stringify(session));
    return { sessionId: session.id, sequence: session.sequence };
  }

  function event(button, pageUrl, pointer) {
    const now = new Date();
    return {
      id: newId(),
      event: "click",
      button: clip(button, 256),
      timestamp: now.toISOString(),
      pageUrl: clip(pageUrl, 2048),
      visitorId: visitor(),
      ...nextInSession(now.getTime()),
      ...(document.referrer && { referrer: clip(document.referrer, 2048) }),
      screen: { width: screen.width, height: screen.height },
      ...(pointer?.detail && { x: pointer.clientX, y: pointer.clientY }), // 0: the keyboard, nowhere
      language: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    };
  }

  return { event };
}

// What the browser knows of its device and no longer writes into its User-Agent. It goes beside the events,
// names the device, and is not kept. The exact values come a moment after the page; nothing waits for them.
const { maxTouchPoints, webdriver, userAgentData } = navigator;
const EXACT = ["fullVersionList", "platformVersion", "model", "formFactors"];
export const hints = { touchPoints: maxTouchPoints, webdriver };
userAgentData?.getHighEntropyValues(EXACT).then((exact) => Object.assign(hints, exact), () => {});

function clip(text, limit) {
  return text && String(text).slice(0, limit).replace(/[\ud800-\udbff]$/, "");
}

export function newId() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// localStorage; what it refuses (private window, no room) lasts as long as the page.
const memory = new Map();

function recall(key) {
  try {
    return memory.get(key) ?? localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key, text) {
  try {
    localStorage.setItem(key, text);
    memory.delete(key);
  } catch {
    memory.set(key, text);
  }
}

function forget(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // it was never there
  }
}

function keysOf(prefix) {
  let stored = [];
  try {
    stored = Object.keys(localStorage);
  } catch {
    // only what the page remembers
  }
  return [...new Set([...stored, ...memory.keys()])].filter((key) => key.startsWith(prefix)).sort();
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Asks for the position only after `allow()`, and forgets it at `decline()`.
export function createConsent(onChange) {
  let position = null;

  function ask() {
    return new Promise((resolve) => {
      if (!navigator.geolocation) return resolve({ error: "this browser offers no position here" });
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => resolve({ location: { latitude: coords.latitude, longitude: coords.longitude } }),
        (error) => resolve({ error: error.code === 1 ? "the browser declined" : "no position was found" }),
        { maximumAge: 600000, timeout: 10000 },
      );
    });
  }

  return {
    allow() {
      const asked = ask();
      position = asked;
      onChange({ state: "asking" });
      asked.then((answer) => {
        if (position !== asked) return;
        if (answer.error) position = null;
        onChange(answer.error ? { state: "declined", reason: answer.error } : { state: "shared" });
      });
    },
    decline() {
      position = null;
      onChange({ state: "off" });
    },
    // The location to send with a click, or undefined; a click waits only a moment for it.
    async location() {
      if (!position) return undefined;
      const late = new Promise((resolve) => setTimeout(resolve, POSITION_PATIENCE_MS, {}));
      const asked = position;
      const answer = await Promise.race([asked, late]);
      return position === asked ? answer.location : undefined;
    },
  };
}
