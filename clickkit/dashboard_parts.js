// The parts of the presenter's page: each is made once, and `draw` writes what is new into it.
// All text of visitors, stores and lakes becomes text nodes, never markup.

const STAGES = [
  ["event", "Event", "clicked on this page", `<path d="M5 3l6 16 2.5-6.5L20 10z"/>`],
  ["capture", "Capture", "on its way to Python", `<path d="M12 3v11m-4-4 4 4 4-4M4 16v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3"/>`],
  ["process", "Process", "device and place added", `<circle cx="12" cy="12" r="3"/><path d="M12 3v3m0 12v3M3 12h3m12 0h3M5.6 5.6l2.1 2.1m8.6 8.6 2.1 2.1m0-12.8-2.1 2.1m-8.6 8.6-2.1 2.1"/>`],
  ["store", "Store", "durable on disk", `<ellipse cx="12" cy="6" rx="7" ry="3"/><path d="M5 6v12c0 1.7 3.1 3 7 3s7-1.3 7-3V6M5 12c0 1.7 3.1 3 7 3s7-1.3 7-3"/>`],
  ["export", "Export", "of today, as Parquet", `<path d="M4 12h13m-5-5 5 5-5 5M20 4v16"/>`],
  ["archive", "Archive", "rows in the lake", `<path d="M4 8h16v12H4zM3 4h18v4H3zM10 12h4"/>`],
];

const TYPES = {
  S: "String", N: "Number", B: "Binary", BOOL: "Boolean", M: "Map", L: "List", NULL: "Null",
  SS: "String set", NS: "Number set", BS: "Binary set",
};
const KEYS = { pk: "partition key", sk: "sort key" };
const DIGEST_SHOWN = 8;

const number = (value) => value.toLocaleString("en");

function element(tag, properties = {}, ...children) {
  const { style, ...plain } = properties;
  const node = Object.assign(document.createElement(tag), plain);
  for (const [name, value] of Object.entries(style ?? {})) node.style.setProperty(name, value);
  node.append(...children);
  return node;
}

// A live region speaks again whenever its text is set, also to what it was.
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function card(name, title, ...children) {
  return element("section", { className: `ck-card ck-${name}` }, element("h2", {}, title), ...children);
}

function scroller(name, ...children) {
  return element("div", { className: "ck-scroller", tabIndex: 0, role: "region", ariaLabel: name }, ...children);
}

function table(title, columns, rows) {
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  return element("table", {}, element("caption", {}, title), element("thead", {}, head), element("tbody", {}, ...rows));
}

function stageList(store) {
  const stages = new Map();
  const list = element("ol", { className: "ck-stages", role: "list" });
  for (const [key, name, explained, drawing] of STAGES) {
    // The drawing is one of those above.
    const dot = element("span", { className: "ck-dot", innerHTML: `<svg viewBox="0 0 24 24" aria-hidden="true">${drawing}</svg>` });
    const said = element("span", { className: "ck-said" }, key === "store" ? `durable in ${store}` : explained);
    const count = element("span", { className: "ck-number" });
    const note = element("span", { className: "ck-note" });
    const stage = element("li", { className: "ck-stage" }, dot, element("b", {}, name), said, count, note);
    stage.addEventListener("animationend", () => stage.classList.remove("ck-pulse"));
    stages.set(key, { stage, count, note });
    list.append(stage);
  }
  return {
    list,
    draw(shown) {
      for (const [key, { stage, count, note }] of stages) {
        const { count: value = 0, note: text = "" } = shown[key] ?? {};
        if (count.textContent && count.textContent !== number(value)) stage.classList.add("ck-pulse");
        write(count, number(value));
        write(note, text);
        stage.toggleAttribute("data-reached", value > 0);
      }
    },
  };
}

// The rows of attributes such as `{"x": {"N": "12.5"}}`; those of a map or a list follow it, one step further in.
function* attributeRows(attributes, depth = 0) {
  for (const [name, attribute] of Object.entries(attributes)) {
    const [[type, value]] = Object.entries(attribute);
    const inner = type === "M" || type === "L" ? Object.keys(value).length : null;
    const shown = inner === null ? String(type === "NULL" ? "null" : value) : `${inner} ${inner === 1 ? "attribute" : "attributes"}`;
    const label = element("th", { scope: "row", style: { "--depth": depth } }, name);
    if (depth === 0 && KEYS[name]) label.append(element("small", {}, KEYS[name]));
    const badge = element("abbr", { className: "ck-type", title: TYPES[type] ?? type }, type);
    badge.dataset.type = type;
    yield element("tr", {}, label, element("td", {}, badge), element("td", { className: inner === null ? "ck-value" : "ck-hint" }, shown));
    if (inner !== null) yield* attributeRows(value, depth + 1);
  }
}

function legendOf(rows) {
  const used = new Set(rows.map((row) => row.querySelector(".ck-type").textContent));
  return [...used].map((type) => {
    const badge = element("span", { className: "ck-type" }, type);
    badge.dataset.type = type;
    return element("span", {}, badge, ` ${TYPES[type] ?? type}`);
  });
}

function itemCard(store) {
  const explained = store === "DynamoDB"
    ? "Read back from DynamoDB after the write."
    : `Read back from ${store}, the embedded store, after the write. The item is the same in DynamoDB; these are the types it has there.`;
  const message = element("p", { className: "ck-nothing" });
  const rows = scroller("Attributes of the last item");
  const legend = element("p", { className: "ck-legend" });
  const json = element("pre", { tabIndex: 0 });
  const exact = element("details", { className: "ck-json" }, element("summary", {}, "Exact JSON"), json);
  const held = element("div", { className: "ck-held", hidden: true }, rows, legend, exact);
  return {
    node: card("item", "The last item, as DynamoDB holds it", element("p", { className: "ck-hint" }, explained), message, held),
    draw(text, failed) {
      message.textContent = failed || (text ? "" : "Nothing stored from this page yet: click a site, and its item appears here with its types.");
      held.hidden = !text || Boolean(failed);
      if (held.hidden) return;
      const drawn = [...attributeRows(JSON.parse(text))];
      rows.replaceChildren(table("Attributes of the last item", ["Attribute", "Type", "Value"], drawn));
      legend.replaceChildren(...legendOf(drawn));
      json.textContent = text;
    },
  };
}

function columnList(columns) {
  const lines = columns.map(({ name, type, fields }) =>
    element("li", {}, element("span", {}, element("b", {}, name), " ", element("code", {}, type)), ...(fields.length ? [columnList(fields)] : [])));
  return element("ul", { role: "list" }, ...lines);
}

function partitionPanel() {
  const message = element("p", { className: "ck-hint" });
  const folder = element("code", { className: "ck-folder" });
  const files = scroller("Files of the partition");
  const title = element("h3", {});
  const columns = element("div", { className: "ck-columns" });
  const held = element("div", { className: "ck-held" }, folder, files, title, columns);
  return {
    nodes: [message, held],
    draw(shown) {
      message.textContent = shown.message ?? "Looking into the lake …";
      message.toggleAttribute("data-failed", Boolean(shown.failed));
      held.hidden = !shown.files;
      if (held.hidden) return;
      folder.textContent = `${shown.folder}/`;
      const rows = shown.files.map(({ name, rows: count, bytes, sha256 }) =>
        element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, number(count)), element("td", {}, number(bytes)),
          element("td", {}, element("code", { title: sha256 }, `${sha256.slice(0, DIGEST_SHOWN)}…`))));
      files.replaceChildren(table(`Files of ${shown.folder}`, ["File", "Rows", "Bytes", "SHA-256"], rows));
      title.textContent = `Parquet schema, ${shown.columns.length} columns`;
      columns.replaceChildren(columnList(shown.columns));
    },
  };
}
