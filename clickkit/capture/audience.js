// The audience page: what became of each tap, and the visitor's choices. It stands behind tracker.js and
// tracker_page.js, which make, queue and send the events. All text is set as text, never as markup.

const MARKS = {
  sending: "M12 7v5l3 2",
  accepted: "M7 12.5l3.5 3.5L17 8.5",
  waiting: "M9 8v8m6-8v8",
  refused: "M8 8l8 8m0-8l-8 8",
};

const PLACE = {
  off: "Off: clicks carry no position.",
  asking: "Asking your browser …",
  shared: "On: your city and country go with each click.",
  declined: "Off: clicks carry no position",
};

const KEPT = "kept on this device, sent later.";
const byId = (id) => document.getElementById(id);
const sendingSwitch = byId("sending");
const placeSwitch = byId("place");
const buttons = [...document.querySelectorAll(".ck-site")];
const badges = new Map(buttons.map((button) => [button.dataset.name, button.lastChild]));
const totals = { accepted: 0, refused: 0 };
let status = 200; // the collector's latest; 0: it did not answer

const place = createConsent(({ state, reason }) => {
  placeSwitch.checked = state === "asking" || state === "shared";
  byId("place-hint").textContent = reason ? `${PLACE[state]} (${reason}).` : PLACE[state];
});

function show(state, name, headline) {
  const title = document.createElement("b");
  title.textContent = name;
  byId("feedback").replaceChildren(title, ` ${headline}`);
  byId("last").dataset.state = state;
  byId("mark").setAttribute("d", MARKS[state]);
  drawConnection();
}

function tap(button, pointer) {
  const { name, pageUrl } = button.dataset;
  if (!track(name, { pageUrl }, pointer)) {
    totals.refused += 1;
    show("refused", name, `not sent: ${whyNot()}.`);
  } else if (connection()[0] === "waiting") {
    show("waiting", name, KEPT);
  } else {
    show("sending", name, "is on its way …");
  }
}

function whyNot() {
  if (asksForPrivacy()) return "your browser asks for privacy";
  return hasOptedOut() ? "you declined" : "too many clicks wait on this device already";
}

// Hears from the tracker what became of an event, also of one that an earlier visit left.
function hear({ button }, outcome, detail) {
  status = outcome === "waiting" ? detail : 200;
  if (outcome === "waiting") {
    show("waiting", button, KEPT);
  } else if (outcome === "accepted") {
    totals.accepted += 1;
    count(button);
    show("accepted", button, "accepted. It counts.");
  } else {
    totals.refused += 1;
    show("refused", button, `not accepted: ${detail ?? "your browser asks for privacy"}`);
  }
}

function count(name) {
  const badge = badges.get(name);
  if (badge) badge.textContent = Number(badge.textContent) + 1;
}

function drawConnection() {
  const [state, text] = connection();
  byId("connection").dataset.state = state;
  byId("connection").textContent = text;
  const kept = state === "waiting" ? countQueued() : 0;
  const parts = [`${totals.accepted} accepted`, `${kept} kept`, `${totals.refused} not sent`];
  byId("tally").textContent = parts.join(" · ");
}

function connection() {
  if (asksForPrivacy()) return ["off", "Private: nothing is sent"];
  if (hasOptedOut()) return ["off", "Declined: nothing is sent"];
  if (!navigator.onLine || status === 0) return ["waiting", "No connection"];
  if (status === 503) return ["waiting", "Collector is busy (503)"];
  if (status !== 200) return ["waiting", `Collector has a problem (${status})`];
  return ["ok", totals.accepted ? "Connected" : "Ready"];
}

function sendingHint() {
  if (asksForPrivacy()) return "Your browser asks for privacy (GPC or Do Not Track), so nothing is captured.";
  if (hasOptedOut()) return "Off: nothing is captured or sent, and what waited here is deleted. This device remembers it.";
  return "On. Switch it off at any time: nothing is sent from then on.";
}

function drawChoices() {
  const isPrivate = asksForPrivacy();
  const isSending = !isPrivate && !hasOptedOut();
  sendingSwitch.checked = isSending;
  sendingSwitch.disabled = isPrivate;
  byId("sending-hint").textContent = sendingHint();
  placeSwitch.disabled = !isSending || !isSecureContext;
  if (!isSending) place.decline();
  if (!isSecureContext) byId("place-hint").textContent = "Browsers tell a place only to pages with https.";
  drawConnection();
}

function begin() {
  start({ consent: place, report: hear });
  drawChoices();
}

for (const button of buttons) button.addEventListener("click", (pointer) => tap(button, pointer));
sendingSwitch.addEventListener("change", () => {
  if (sendingSwitch.checked) optIn();
  else optOut();
  begin();
});
placeSwitch.addEventListener("change", () => (placeSwitch.checked ? place.allow() : place.decline()));
for (const change of ["online", "offline"]) addEventListener(change, drawConnection);
for (const change of ["storage", "pageshow"]) addEventListener(change, drawChoices);
place.decline();
begin();
