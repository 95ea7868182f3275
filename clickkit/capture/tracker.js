// The tracker: makes an event where the click happens. `id` and `timestamp` never change afterwards.

const SESSION_GAP_MS = 30 * 60 * 1000;
const SESSION_LIMIT_MS = 24 * 60 * 60 * 1000;
const POSITION_PATIENCE_MS = 700;

export function newId() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Storage that also works where the browser forbids it: then it lasts as long as the page.
function remembered(area, key, fallback) {
  try {
    return JSON.parse(area().getItem(key)) ?? fallback;
  } catch {
    return fallback;
  }
}

function remember(area, key, value) {
  try {
    area().setItem(key, JSON.stringify(value));
  } catch {
    // private window: nothing outlives the page
  }
}

const local = () => globalThis.localStorage;
const perTab = () => globalThis.sessionStorage;

export function createTracker() {
  const visitorId = remembered(local, "clickkit.visitor", newId());
  remember(local, "clickkit.visitor", visitorId);
  let session = null;

  function nextInSession(now) {
    session = remembered(perTab, "clickkit.session", session);
    const isOver = !session || now - session.last > SESSION_GAP_MS || now - session.start > SESSION_LIMIT_MS;
    if (isOver) session = { id: newId(), start: now, sequence: -1 };
    session.last = now;
    session.sequence += 1;
    remember(perTab, "clickkit.session", session);
    return { sessionId: session.id, sequence: session.sequence };
  }

  function event(button, pageUrl, pointer) {
    const now = new Date();
    return {
      id: newId(),
      event: "click",
      button,
      timestamp: now.toISOString(),
      pageUrl,
      visitorId,
      ...nextInSession(now.getTime()),
      ...(document.referrer && { referrer: document.referrer.slice(0, 2048) }),
      screen: { width: screen.width, height: screen.height },
      ...(pointer && { x: pointer.clientX, y: pointer.clientY }),
      language: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    };
  }

  return { event };
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
