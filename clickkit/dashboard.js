// The way of a click through the pipeline, with live numbers, the stored item, the export and its answer.

const STAGES = [
  ["event", "Event", `<path d="M5 3l6 16 2.5-6.500L20 10z"/>`],
  ["capture", "Capture", `<path d="M12 3v11m-4-4 4 4 4-4M4 16v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3"/>`],
  ["process", "Process", `<circle cx="12" cy="12" r="3"/><path d="M12 3v3m0 12v3M3 12h3m12 0h3M5.6 5.600l2.1 2.100m8.6 8.6 2.1 2.100m0-12.8-2.1 2.100m-8.6 8.6-2.1 2.1"/>`],
  ["store", "Store", `<ellipse cx="12" cy="6" rx="7" ry="3"/><path d="M5 6v12c0 1.7 3.1 3 7 3s7-1.3 7-3V6M5 12c0 1.7 3.1 3 7 3s7-1.3 7-3"/>`],
  ["export", "Export", `<path d="M4 12h13m-5-5 5 5-5 5M20 4v16"/>`],
  ["archive", "Archive", `<path d="M4 8h16v12H4zM3 4h18v4H3zM10 12h4"/>`],
];

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function stageList() {
  const stages = new Map();
  const list = element("ol", { className: "ck-stages" });
  for (const [key, name, drawing] of STAGES) {
    const dot = element("span", { className: "ck-dot", innerHTML: `<svg viewBox="0 0 24 24" aria-hidden="true">${drawing}</svg>` });
    const number = element("span", { className: "ck-number" });
    const note = element("span", { className: "ck-note" });
    const stage = element("li", { className: "ck-stage" }, dot, element("b", {}, name), number, note);
    stage.addEventListener("animationend", () => stage.classList.remove("ck-pulse"));
    stages.set(key, { stage, number, note });
    list.append(stage);
  }
  return { list, stages };
}

function render({ model, el }) {
  const { list, stages } = stageList();
  const item = element("pre", { tabIndex: 0 });
  const button = element("button", { type: "button", className: "ck-button" }, "Export today");
  const bar = element("progress", { value: 0, max: 1, ariaLabel: "Export progress" });
  const message = element("p", { className: "ck-hint", role: "status" });
  const charts = element("div", { className: "ck-charts" });

  function drawStages() {
    const shown = model.get("stages");
    for (const [key, { stage, number, note }] of stages) {
      const { count = 0, note: text = "" } = shown[key] ?? {};
      const written = count.toLocaleString("en");
      if (number.textContent && number.textContent !== written) stage.classList.add("ck-pulse");
      number.textContent = written;
      note.textContent = text;
      stage.toggleAttribute("data-reached", count > 0);
    }
  }

  function drawExport() {
    const { running, done, total, message: text, failed } = model.get("export_state");
    button.disabled = running;
    bar.max = total || 1;
    bar.value = done;
    message.textContent = text;
    message.toggleAttribute("data-failed", failed);
  }

  function drawItem() {
    item.textContent = model.get("item") || "Nothing stored from this page yet.";
  }

  function drawCharts() {
    // The SVG is drawn by clickkit.analysis.charts, which escapes every label.
    charts.innerHTML = model.get("charts").join("");
    for (const svg of charts.querySelectorAll("svg")) {
      svg.removeAttribute("width");
      svg.removeAttribute("height");
    }
  }

  button.addEventListener("click", () => {
    button.disabled = true;
    model.send({ kind: "export" });
  });
  model.on("change:stages", drawStages);
  model.on("change:export_state", drawExport);
  model.on("change:item", drawItem);
  model.on("change:charts", drawCharts);

  el.classList.add("clickkit", "ck-card", "ck-pipeline");
  el.append(
    element("section", {}, element("h2", {}, "The way of a click"), list),
    element("section", {}, element("div", { className: "ck-export" }, button, bar, message)),
    element("section", {}, element("h2", {}, "What the lake says"), charts),
    element("details", { className: "ck-item", open: true }, element("summary", {}, "The last item, as the store holds it"), item),
  );
  for (const draw of [drawStages, drawExport, drawItem, drawCharts]) draw();
  model.send({ kind: "opened" });
}

export default { render };
