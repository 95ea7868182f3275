// The live dashboard: what the kernel sends is drawn several times a second, and answered as a sign of life.
// live_parts.js is put in front of this file.

const BEAT_MS = 5_000;
const SLOW_MS = 4_000;
const SILENT_MS = 15_000;
const SPEAK_MS = 10_000;

function render({ model, el }) {
  const total = tile("Clicks today");
  const sessions = tile("Sessions now");
  write(sessions.note, "seen in the last 5 minutes");
  const toCollector = latencyTile("Click to collector", "by the visitor's clock, kept clicks included");
  const toPage = latencyTile("Collector to this page", "stored, read and drawn");
  const rate = rateChart();
  const map = worldMap();
  const newest = newestClicks();
  const buttons = bars("buttons", "Buttons");
  const devices = bars("devices", "Devices");
  const countries = bars("countries", "Countries");

  const message = element("span", { role: "status" });
  const time = element("span", { className: "ck-live-time" });
  const collector = element("span", { className: "ck-live-collector", hidden: true });
  const pause = element("button", { type: "button", className: "ck-button" }, "Pause");
  const status = element("div", { className: "ck-live-status" }, element("i", { ariaHidden: "true" }), message, time);
  const spoken = element("p", { className: "ck-live-spoken", role: "status" });
  let updated = performance.now();
  let answered = updated;
  let spokenAt = -SPEAK_MS;
  let beaten = performance.now();

  function say(state) {
    const { as_of: asOf, status: condition, reason, is_whole: isWhole, events } = state;
    const showing = asOf ? `Showing ${asOf}, ` : "";
    let [kind, text] = ["live", "Live"];
    if (model.get("paused")) [kind, text] = ["paused", asOf ? `Paused, showing ${asOf}` : "Paused"];
    else if (performance.now() - answered > SILENT_MS) [kind, text] = ["away", `${showing}the notebook's kernel does not answer`];
    else if (condition === "away") [kind, text] = ["away", `${showing}the store is away: ${reason}`];
    else if (condition === "failed") [kind, text] = ["away", `${showing}the dashboard failed: ${reason}`];
    else if (performance.now() - updated > SLOW_MS) [kind, text] = ["away", `${showing}waiting for the store`];
    else if (!asOf) [kind, text] = ["paused", "Starting …"];
    else if (!isWhole) [kind, text] = ["paused", "Reading what came today …"];
    status.dataset.kind = kind;
    write(message, text);
    write(time, kind === "live" ? `${state.day} ${asOf} UTC` : "");
  }

  function speak(state) {
    if (performance.now() - spokenAt < SPEAK_MS) return;
    spokenAt = performance.now();
    write(spoken, `${number(state.clicks)} clicks today, ${number(state.sessions)} sessions now`);
  }

  function drawTotal({ clicks, events, missing, is_whole: isWhole }) {
    write(total.value, number(clicks));
    let note = clicks === events ? "as many as the store has" : `of ${number(events)} events in the store`;
    if (!isWhole) note = "so far: still reading";
    else if (missing > 0) note = `${number(missing)} more came late and are being read`;
    else if (missing < 0) note = `${number(-missing)} more than the store says: reading it again`;
    write(total.note, note);
  }

  function drawCollector(health) {
    collector.hidden = !health;
    if (!health) return;
    collector.dataset.state = health.state;
    write(collector, `Collector ${health.text}`);
  }

  function draw() {
    const state = model.get("state");
    if (model.get("paused") || !state.sequence) return;
    updated = answered = performance.now();
    drawCollector(state.collector);
    if (state.as_of) {
      drawTotal(state);
      write(sessions.value, number(state.sessions));
      toCollector.draw(state.to_collector);
      toPage.draw(state.to_page);
      rate.draw(state.seconds, state.rate);
      map.draw(state.by_code);
      newest.draw(state.newest);
      buttons.draw(state.buttons);
      devices.draw(state.devices);
      countries.draw(state.countries);
      speak(state);
    }
    say(state);
    if (document.hidden) beat();
    else requestAnimationFrame(() => model.send({ kind: "shown", sequence: state.sequence }));
  }

  function beat() {
    beaten = performance.now();
    model.send({ kind: "alive" });
  }

  function look() {
    if (performance.now() - beaten > BEAT_MS) beat();
    say(model.get("state"));
  }

  function hear() {
    answered = performance.now();
  }

  function drawPause() {
    write(pause, model.get("paused") ? "Resume" : "Pause");
    updated = performance.now();
    draw();
    say(model.get("state"));
  }

  pause.addEventListener("click", () => {
    model.set("paused", !model.get("paused"));
    model.save_changes();
    beat();
  });
  model.on("change:state", draw);
  model.on("change:paused", drawPause);
  model.on("msg:custom", hear);
  document.addEventListener("visibilitychange", beat);
  const looking = setInterval(look, 1_000);

  el.classList.add("clickkit", "ck-live");
  el.append(
    element("div", { className: "ck-card ck-live-bar" }, status, collector, pause),
    total.node, sessions.node, toCollector.node, toPage.node,
    rate.node, newest.node, map.node, buttons.node, devices.node, countries.node,
    spoken,
  );
  drawPause();
  beat();

  return () => {
    clearInterval(looking);
    document.removeEventListener("visibilitychange", beat);
    model.off("change:state", draw);
    model.off("change:paused", drawPause);
    model.off("msg:custom", hear);
  };
}

export default { render };
