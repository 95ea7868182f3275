// The report: a range of days, the lake's answers for it, and its events as a file.

const PRESETS = [["7", "Last 7 days"], ["30", "Last 30 days"], ["all", "Everything"]];
const SOURCES = [["all", "Recorded and simulated"], ["recorded", "Recorded only"], ["simulated", "Simulated only"]];
const ANSWER_TIMEOUT_MS = 10_000;
const FILE_KEPT_MS = 60_000;

function element(tag, properties = {}, ...children) {
  const { dataset, ...plain } = properties;
  const node = Object.assign(document.createElement(tag), plain);
  Object.assign(node.dataset, dataset);
  node.append(...children);
  return node;
}

const labelled = (text, control) => element("label", { className: "ck-field" }, element("span", {}, text), control);

function tableOf({ columns, rows, title }) {
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  const numeric = columns.map((name) => name === "clicks" || name === "visitors");
  const lines = rows.map((row) =>
    element("tr", {}, ...row.map((cell, at) => element("td", { className: numeric[at] ? "ck-numeric" : "" }, cell))));
  const caption = element("caption", {}, title);
  return element("table", {}, caption, element("thead", {}, head), element("tbody", {}, ...lines));
}

function figureOf(drawn) {
  const note = drawn.note ? [element("p", { className: "ck-hint" }, drawn.note)] : [];
  if (!drawn.svg) return element("figure", { className: "ck-card ck-figure" }, element("p", { className: "ck-nothing" }, drawn.title), ...note);
  const picture = element("div", { className: "ck-picture" });
  // The SVG is drawn by clickkit.analysis.charts, which escapes every label.
  picture.innerHTML = drawn.svg;
  const svg = picture.querySelector("svg");
  svg.style.maxWidth = `${Math.round(svg.getAttribute("width") * 1.15)}px`;
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${drawn.title}. The table below has its numbers.`);
  const scroller = element("div", { className: "ck-scroller", tabIndex: 0, role: "region", ariaLabel: drawn.title });
  const details = element("details", {}, element("summary", {}, "As a table"), scroller);
  details.addEventListener("toggle", () => {
    if (details.open && !scroller.firstChild) scroller.append(tableOf(drawn));
  });
  return element("figure", { className: "ck-card ck-figure" }, picture, ...note, details);
}

function totalOf([name, number, change]) {
  const value = element("dd", { className: "ck-total" }, number.toLocaleString("en"));
  return element("div", {}, element("dt", {}, name), value, element("dd", { className: "ck-hint" }, change));
}

function render({ model, el }) {
  const view = `${Date.now()}-${Math.random()}`;
  let asked = { days: "7", since: "", until: "", counted: "all" };
  let file = null;
  let timer = null;

  const since = element("input", { type: "date", required: true });
  const until = element("input", { type: "date", required: true });
  const show = element("button", { type: "submit", className: "ck-button" }, "Show");
  const presets = PRESETS.map(([days, name]) => element("button", { type: "button", className: "ck-choice", dataset: { days } }, name));
  const counted = element("select", {}, ...SOURCES.map(([value, name]) => element("option", { value }, name)));
  const refresh = element("button", { type: "button", className: "ck-choice" }, "Refresh");
  const holds = element("p", { className: "ck-hint" });
  const bar = element("progress", { max: 1, value: 0, ariaLabel: "Progress of the report" });
  const message = element("p", { className: "ck-message", role: "status" });

  const totals = element("dl", { className: "ck-totals" });
  const notice = element("p", { className: "ck-notice", role: "status" });
  const figures = element("div", { className: "ck-figures" });
  const origin = element("dl", { className: "ck-origin" });
  const saves = ["csv", "parquet"].map((format) =>
    element("button", { type: "button", className: "ck-choice", dataset: { format } }, format === "csv" ? "Download CSV" : "Download Parquet"));
  const saved = element("p", { className: "ck-hint", role: "status" });
  const statement = element("pre", { tabIndex: 0, hidden: true });

  function ask(change) {
    asked = { ...asked, ...change };
    clearTimeout(timer);
    timer = setTimeout(missAnswer, ANSWER_TIMEOUT_MS);
    model.send({ kind: "ask", asked });
    drawChoice();
  }

  function missAnswer() {
    message.textContent = "No answer came: is the notebook's kernel running? Reload the page to start another.";
    message.setAttribute("data-failed", "");
  }

  function drawChoice() {
    for (const button of presets) button.ariaPressed = String(button.dataset.days === asked.days);
    counted.value = asked.counted;
  }

  function drawHeld() {
    const { first, last } = model.get("held");
    for (const input of [since, until]) Object.assign(input, { min: first ?? "", max: last ?? "", disabled: !first });
    for (const control of [show, counted, ...presets]) control.disabled = !first;
    holds.textContent = first ? `The lake holds ${first} to ${last}; days are UTC.` : "";
  }

  function drawProgress() {
    clearTimeout(timer);
    const { message: text, running, done, total, failed } = model.get("progress");
    message.textContent = text;
    message.toggleAttribute("data-failed", failed);
    bar.style.visibility = running ? "visible" : "hidden";
    bar.max = total;
    bar.value = done;
    answer.ariaBusy = String(running);
    for (const button of saves) button.disabled = running || Boolean(file);
  }

  function drawReport() {
    const report = model.get("report");
    answer.hidden = !report.range;
    if (!report.range) return;
    since.value = report.range.since;
    until.value = report.range.until;
    asked = { ...asked, since: since.value, until: until.value, counted: report.range.counted, days: report.days };
    drawChoice();
    totals.replaceChildren(...report.totals.map(totalOf), sourcesOf(report));
    notice.textContent = report.notice;
    figures.replaceChildren(...report.figures.map(figureOf), files);
    origin.replaceChildren(...report.origin.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
    saved.textContent = `${report.events.toLocaleString("en")} events, with all the columns of the lake.`;
    statement.hidden = true;
  }

  function sourcesOf(report) {
    const lines = report.sources.map(([source, events, clicks]) =>
      element("dd", { className: "ck-source", dataset: { source } }, element("b", {}, clicks.toLocaleString("en")), ` ${source}`));
    return element("div", {}, element("dt", {}, "Clicks by source"), ...lines);
  }

  function download(format) {
    file = { parts: [], format };
    statement.hidden = true;
    saved.textContent = "Reading the events …";
    drawProgress();
    model.send({ kind: "download", format, view });
  }

  const answers = {
    begin({ name, type, rows }) {
      Object.assign(file, { name, type, rows, bytes: 0 });
    },
    piece(_content, [piece]) {
      file.parts.push(piece);
      file.bytes += piece.byteLength;
      saved.textContent = `${file.name}: ${(file.bytes / 1e6).toFixed(1)} MB so far …`;
    },
    end() {
      const url = URL.createObjectURL(new Blob(file.parts, { type: file.type }));
      element("a", { href: url, download: file.name }).click();
      setTimeout(() => URL.revokeObjectURL(url), FILE_KEPT_MS);
      saved.textContent = `${file.name}: ${file.rows.toLocaleString("en")} events, ${(file.bytes / 1e6).toFixed(1)} MB, handed to your browser.`;
      file = null;
    },
    refused({ message: text, statement: sql }) {
      saved.textContent = text;
      statement.textContent = sql;
      statement.hidden = !sql;
      file = null;
    },
  };

  function receive(content, buffers) {
    if (content.view !== view) return;
    answers[content.kind](content, buffers);
    if (file) model.send({ kind: "next", view });
    else drawProgress();
  }

  const form = element("form", { className: "ck-card ck-choices", noValidate: true },
    element("div", { className: "ck-row", role: "group", ariaLabel: "Last days" }, ...presets),
    element("div", { className: "ck-row" }, labelled("From", since), labelled("To", until), show),
    element("div", { className: "ck-row" }, labelled("Count", counted), refresh),
    element("div", { className: "ck-state" }, holds, bar, message));
  const files = element("section", { className: "ck-card ck-files" },
    element("h2", {}, "Take the events along"),
    element("div", { className: "ck-row" }, ...saves), saved, statement,
    element("p", { className: "ck-hint" }, "CSV: UTF-8, times as ISO 8601 in UTC, structs as columns such as device.browser. Text that begins with = + - @ or ' gets a ' in front, so that no spreadsheet takes it for a formula. Parquet has every value as it is."),
    element("h2", {}, "Where every number comes from"), origin);
  const answer = element("div", { className: "ck-answer", hidden: true },
    totals, notice, figures);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask({ days: "", since: since.value, until: until.value });
  });
  for (const button of presets) button.addEventListener("click", () => ask({ days: button.dataset.days }));
  for (const button of saves) button.addEventListener("click", () => download(button.dataset.format));
  counted.addEventListener("change", () => ask({ counted: counted.value }));
  refresh.addEventListener("click", () => ask({}));
  model.on("change:held", drawHeld);
  model.on("change:progress", drawProgress);
  model.on("change:report", drawReport);
  model.on("msg:custom", receive);

  el.classList.add("clickkit", "ck-report");
  el.append(form, answer);
  for (const draw of [drawChoice, drawHeld, drawProgress, drawReport]) draw();
  if (!model.get("report").range) ask({});
}

export default { render };
