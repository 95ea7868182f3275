// The way of a click through the pipeline, with live numbers, the stored item, the export and its answer.
// dashboard_parts.js is put in front of this file.

const MOST_ENLARGED = 1.3;

function render({ model, el }) {
  const stages = stageList(model.get("held_by"));
  const item = itemCard(model.get("held_by"));
  const partition = partitionPanel();
  const button = element("button", { type: "button", className: "ck-button" }, "Export today");
  const bar = element("progress", { value: 0, max: 1, ariaLabel: "Export progress" });
  const message = element("p", { className: "ck-hint", role: "status" });
  const charts = element("div", { className: "ck-charts" });

  const drawStages = () => stages.draw(model.get("stages"));
  const drawItem = () => item.draw(model.get("item"), model.get("item_failed"));
  const drawPartition = () => partition.draw(model.get("partition"));

  function drawExport() {
    const { running, done, total, message: text, failed } = model.get("export_state");
    button.setAttribute("aria-disabled", running); // a disabled button would lose the focus of the keyboard
    bar.max = total || 1;
    bar.value = done;
    write(message, text);
    message.toggleAttribute("data-failed", failed);
  }

  function drawCharts() {
    // The SVG is drawn by clickkit.analysis.charts, which escapes every label.
    const drawn = model.get("charts").join("");
    charts.innerHTML = drawn || `<p class="ck-nothing">No clicks in the lake in these days.</p>`;
    for (const svg of charts.querySelectorAll("svg")) {
      svg.style.maxWidth = `${Math.round(svg.getAttribute("width") * MOST_ENLARGED)}px`; // all letters of one size
      svg.removeAttribute("width");
      svg.removeAttribute("height");
    }
  }

  button.addEventListener("click", () => {
    if (!model.get("export_state").running) model.send({ kind: "export" });
  });
  model.on("change:stages", drawStages);
  model.on("change:export_state", drawExport);
  model.on("change:item change:item_failed", drawItem);
  model.on("change:partition", drawPartition);
  model.on("change:charts", drawCharts);

  el.classList.add("clickkit", "ck-pipeline");
  el.append(
    card("way", "The way of a click", stages.list),
    item.node,
    card("lake", "The lake's files", element("div", { className: "ck-export" }, button, bar, message), ...partition.nodes),
    card("answer", "What the lake says", charts),
  );
  for (const draw of [drawStages, drawExport, drawItem, drawPartition, drawCharts]) draw();
  model.send({ kind: "opened" });
}

export default { render };
