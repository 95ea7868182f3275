// The parts of the live dashboard: each is made once, and `draw` writes its numbers in place.
// `WORLD`, the map of world.json, is put in front of this file.

const ROWS = 8;
const NEWEST = 20;
const MOST_FLASHES = 4; // more at once are no signal, and cost the presenter's laptop a core

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const regions = new Intl.DisplayNames(["en"], { type: "region" });
const number = (value) => value.toLocaleString("en");

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function drawing(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function duration(milliseconds) {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 99_500) return `${(milliseconds / 1000).toFixed(milliseconds < 9_950 ? 1 : 0)} s`;
  const minutes = milliseconds / 60_000;
  return minutes < 100 ? `${Math.round(minutes)} min` : `${Math.round(minutes / 60)} h`;
}

function panel(name, title, ...children) {
  return element("section", { className: `ck-card ck-live-${name}` }, element("h2", {}, title), ...children);
}

function tile(title) {
  const value = element("p", { className: "ck-live-value" }, "–");
  const note = element("p", { className: "ck-hint" });
  return { node: element("section", { className: "ck-card ck-live-tile" }, element("h2", {}, title), value, note), value, note };
}

function latencyTile(title, explained) {
  const shown = tile(title);
  return {
    node: shown.node,
    draw(latency) {
      write(shown.value, latency ? duration(latency[0]) : "–");
      write(shown.note, latency ? `p95 ${duration(latency[1])}, ${explained}` : `none since this page was opened; ${explained}`);
    },
  };
}

function bars(name, title) {
  const list = element("ol", { className: "ck-live-bars" });
  const rows = Array.from({ length: ROWS }, () => {
    const row = { label: element("span", {}), count: element("span", { className: "ck-live-count" }), bar: element("i", {}) };
    row.node = element("li", { hidden: true }, row.label, row.count, row.bar);
    return row;
  });
  list.append(...rows.map((row) => row.node));
  const empty = element("p", { className: "ck-hint" }, "No clicks yet today.");
  return {
    node: panel(name, title, empty, list),
    draw(counted) {
      empty.hidden = counted.length > 0;
      rows.forEach((row, index) => {
        const [label, count] = counted[index] ?? ["", 0];
        row.node.hidden = index >= counted.length;
        write(row.label, label);
        write(row.count, number(count));
        row.bar.style.setProperty("--share", counted.length ? count / counted[0][1] : 0);
      });
    },
  };
}

// The smallest of 2, 4, 6, 8, 10, 15, 20, 30, 40 … that is not below: the axis does not jump with every click.
function niceCeiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return Math.max(2, [1, 1.5, 2, 3, 4, 6, 8, 10].map((factor) => Math.ceil(factor * power)).find((one) => one >= value));
}

function rateChart() {
  const area = drawing("path", { class: "ck-live-area" });
  const line = drawing("path", { class: "ck-live-line" });
  const label = "Clicks of each second of the last five minutes";
  const picture = drawing("svg", { viewBox: "0 0 300 100", preserveAspectRatio: "none", role: "img", "aria-label": label }, area, line);
  const most = element("span", { className: "ck-live-most" });
  const now = element("strong", {}, "–");
  const head = element("p", { className: "ck-hint" }, now, " a second, over the last ten seconds");
  const axis = element("div", { className: "ck-live-axis", ariaHidden: "true" }, element("span", {}, "5 min ago"), element("span", {}, "now"));
  return {
    node: panel("rate", "Clicks per second", head, element("div", { className: "ck-live-plot" }, picture, most), axis),
    draw(seconds, rate) {
      const top = niceCeiling(Math.max(1, ...seconds));
      const step = 300 / (seconds.length - 1);
      const points = seconds.map((clicks, index) => `${(index * step).toFixed(1)} ${(100 - (96 * clicks) / top).toFixed(1)}`);
      line.setAttribute("d", `M${points.join("L")}`);
      area.setAttribute("d", `M0 100L${points.join("L")}L300 100Z`);
      write(most, number(top));
      write(now, rate.toFixed(1));
    },
  };
}

function worldMap() {
  const shapes = new Map();
  const picture = drawing("svg", { viewBox: `0 0 ${WORLD.width} ${WORLD.height}`, role: "img", "aria-label": "World map of clicks by country; the list Countries has the numbers" });
  function add(code, shape) {
    const title = drawing("title", {});
    shape.append(title);
    picture.append(shape);
    if (code) shapes.set(code, { shape, title, clicks: 0 });
  }
  for (const [code, path] of Object.entries(WORLD.paths)) add(code, drawing("path", { d: path }));
  for (const [code, [x, y]] of Object.entries(WORLD.points)) add(code, drawing("circle", { cx: x, cy: y, r: 8 }));
  const most = element("span", {});
  const legend = element("p", { className: "ck-live-legend ck-hint", hidden: true }, "1", element("i", {}), most, " clicks");
  return {
    node: panel("map", "Where they come from", picture, legend),
    draw(byCode) {
      const top = Math.max(1, ...Object.values(byCode));
      for (const [code, one] of shapes) {
        const clicks = byCode[code] ?? 0;
        const level = clicks && Math.round(25 + (75 * Math.log1p(clicks)) / Math.log1p(top));
        if (one.level !== level) one.shape.style.setProperty("--level", `${level}%`);
        one.shape.toggleAttribute("data-clicked", clicks > 0);
        one.level = level;
        if (one.clicks !== clicks) one.title.textContent = `${regions.of(code)}: ${number(clicks)}`;
        one.clicks = clicks;
      }
      legend.hidden = Object.keys(byCode).length === 0;
      write(most, number(top));
    },
  };
}

function newestClicks() {
  const rows = Array.from({ length: NEWEST }, () => {
    const row = { time: element("time", {}), button: element("b", {}), where: element("span", { className: "ck-hint" }) };
    row.node = element("li", { hidden: true }, row.time, row.button, row.where);
    return row;
  });
  const list = element("ol", { className: "ck-live-newest-list", tabIndex: 0, ariaLabel: "Newest clicks" }, ...rows.map((row) => row.node));
  const empty = element("p", { className: "ck-hint" }, "The first click appears here.");
  let known = null;
  return {
    node: panel("newest", "Newest clicks", empty, list),
    draw(clicks) {
      empty.hidden = clicks.length > 0;
      const fresh = new Set(clicks.map((click) => click.id).filter((id) => known && !known.has(id)));
      const flashes = fresh.size <= MOST_FLASHES && !calm.matches;
      rows.forEach((row, index) => {
        const click = clicks[index];
        row.node.hidden = !click;
        if (!click) return;
        write(row.time, click.time);
        write(row.button, click.button);
        write(row.where, `${click.place} · ${click.device}`);
        if (flashes && fresh.has(click.id)) {
          row.node.animate([{ backgroundColor: "var(--ck-flash)" }, { backgroundColor: "transparent" }], 1200);
        }
      });
      known = new Set(clicks.map((click) => click.id));
    },
  };
}
