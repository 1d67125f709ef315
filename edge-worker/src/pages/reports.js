"use strict";
// Which reports there are and what each can be asked is read from the API's own description. All
// that is shown came from outside, so it only ever becomes text.

const by = (id) => document.getElementById(id);
const REPORTS = "/api/v1/sites/{site}/reports/";

/** Asked for in another way, or of no use to people. */
const LEFT_OUT = new Set(["format", "limit", "offset", "before"]);

let reports = [];
let asked = 0;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function state(text, well) {
  by("state").textContent = text;
  by("state").dataset.well = well ? "yes" : "no";
}

/** What the address asks for: site, token, report, and the report's own parameters. */
const wanted = () => new URLSearchParams(location.hash.slice(1));

function go(changes) {
  const values = wanted();
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || (value === "" && name !== "token")) values.delete(name);
    else values.set(name, value);
  }
  location.hash = values.toString();
}

function ask(path) {
  return fetch(path, {
    headers: { authorization: `Bearer ${wanted().get("token") ?? ""}` },
    cache: "no-store",
  });
}

/** An answer with its JSON. What is none is not the edge's: it is not reached. */
async function heard(answer) {
  try {
    const response = await answer;
    return { response, answer: await response.json() };
  } catch {
    throw new Error("The edge does not answer; try again");
  }
}

/** Whether a report is a table: others are lists, for tools. */
const isTable = (get) => {
  const { schema } = get?.responses["200"]?.content?.["application/json"] ?? {};
  return schema?.properties?.columns !== undefined;
};

async function learn() {
  const { paths } = (await heard(fetch("/api/v1/openapi.json"))).answer;
  // The overview is what people ask for first.
  const rank = ({ name }) => (name === "overview" ? 0 : 1);
  reports = Object.entries(paths)
    .filter(([path, { get }]) => path.startsWith(REPORTS) && isTable(get))
    .map(([path, { get }]) => ({
      name: path.slice(REPORTS.length),
      about: get.summary,
      parameters: get.parameters.filter((it) => it.in === "query" && !LEFT_OUT.has(it.name)),
    }))
    .sort((a, b) => rank(a) - rank(b));
}

const title = (name) => `${name[0].toUpperCase()}${name.slice(1)}`.replaceAll(/[-_]/g, " ");

function menu(current) {
  by("reports").replaceChildren(
    ...reports.map(({ name }) => {
      const link = make("a", "", title(name));
      const kept = new URLSearchParams();
      for (const own of ["site", "token", "from", "to"]) {
        const value = wanted().get(own);
        // An empty token is one, too: see `show`.
        if (value !== null) kept.set(own, value);
      }
      kept.set("report", name);
      link.href = `#${kept}`;
      if (name === current) link.setAttribute("aria-current", "page");
      return link;
    }),
  );
}

function control({ name, description, schema }) {
  const label = make("label", "", title(name));
  label.title = description ?? "";
  const value = wanted().get(name) ?? "";
  let input;
  if (schema.enum) {
    input = make("select");
    const choices = schema.enum.filter((it) => it !== "");
    const usual = schema.default ?? "";
    input.append(new Option(usual === "" ? "–" : usual, "", value === ""));
    for (const choice of choices.filter((it) => it !== usual)) {
      input.append(new Option(choice, choice, false, choice === value));
    }
  } else {
    input = make("input");
    input.type = schema.format === "date" ? "date" : "text";
    input.value = value;
  }
  input.name = name;
  label.append(input);
  return label;
}

function form(report) {
  by("title").textContent = title(report.name);
  by("about").textContent = `${report.about}.`;
  by("ask").replaceChildren(...report.parameters.map(control));
}

const number = (text) => Number(text).toLocaleString();

function ratio(rate, id) {
  if (rate.decimal === null) return "no data";
  const unit = rate.currency ? ` ${rate.currency}` : "";
  if (id.endsWith("_rate")) return `${(Number(rate.decimal) * 100).toFixed(2)} %${unit}`;
  return `${rate.decimal}${unit}`;
}

function figure(value, column) {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) {
    if (value.length === 0) return "–";
    return value
      .map((it) => ("minor" in it ? `${number(it.decimal)} ${it.currency}` : ratio(it, column.id)))
      .join("\n");
  }
  if (typeof value === "object") return "decimal" in value ? ratio(value, column.id) : (value.name ?? value.id);
  return typeof value === "number" ? number(value) : String(value);
}

function cell(row, column, head) {
  const own = row[column.id];
  if (column.kind === "dimension") {
    const name = make(head ? "th" : "td", "", own === undefined ? "" : figure(own.value ?? own, column));
    if (head) name.scope = "row";
    return name;
  }
  const value = own && "value" in own ? own.value : own;
  const shown = make("td", "figure", figure(value, column));
  if (value && typeof value === "object" && "numerator" in value) {
    shown.title = `${number(value.numerator)} ${title(value.numerator_name)} ÷ ${number(value.denominator)} ${title(value.denominator_name)}`;
  }
  if (own && "previous" in own) shown.append(make("small", "before", figure(own.previous, column)));
  return shown;
}

function line(row, columns, name) {
  const tr = make("tr");
  const dimensions = columns.filter((it) => it.kind === "dimension").length;
  if (name !== undefined) {
    const head = make("th", "", name);
    head.scope = "row";
    if (dimensions > 1) head.colSpan = dimensions;
    if (dimensions > 0) tr.append(head);
  }
  columns.forEach((column, at) => {
    if (name === undefined || column.kind !== "dimension") tr.append(cell(row, column, at === 0));
  });
  return tr;
}

function sheet(answer) {
  const { columns, rows, totals, rest } = answer;
  const table = make("table");
  const head = make("tr");
  for (const column of columns) {
    const th = make("th", column.kind === "dimension" ? "" : "figure", column.name);
    th.scope = "col";
    if (column.numerator) th.title = `${title(column.numerator)} ÷ ${title(column.denominator)}`;
    head.append(th);
  }
  table.createTHead().append(head);
  table.createTBody().append(...rows.map((row) => line(row, columns)));
  const foot = table.createTFoot();
  if (rest) foot.append(line(rest, columns, "The rest"));
  if (totals) foot.append(line(totals, columns, "Total"));
  by("sheet").replaceChildren(table);
  const compared = answer.previous ? `, small: ${answer.previous.from} to ${answer.previous.to}` : "";
  by("note").textContent =
    `${answer.from} to ${answer.to}, days of ${answer.timezone}${compared}. ` +
    (answer.note ? `${answer.note} ` : "") +
    "Point at a rate to see what it is made of.";
}

function address(format) {
  const values = wanted();
  const report = reports.find((it) => it.name === values.get("report")) ?? reports[0];
  const query = new URLSearchParams({ format });
  for (const { name } of report.parameters) {
    const value = values.get(name);
    if (value) query.set(name, value);
  }
  return `${REPORTS.replace("{site}", encodeURIComponent(values.get("site")))}${report.name}?${query}`;
}

async function show() {
  const values = wanted();
  // An empty token says that the reader comes by Cloudflare Access.
  const known = Boolean(values.get("site") && values.has("token"));
  by("door").hidden = known;
  by("desk").hidden = !known;
  by("live").hidden = !known;
  if (!known) return;
  by("live").href = `live#${new URLSearchParams({ site: values.get("site"), token: values.get("token") })}`;
  asked += 1;
  const mine = asked;
  try {
    if (reports.length === 0) await learn();
    const report = reports.find((it) => it.name === values.get("report")) ?? reports[0];
    menu(report.name);
    form(report);
    const { response, answer } = await heard(ask(address("json")));
    // A later question may have been answered first.
    if (mine !== asked) return;
    if (response.ok) {
      sheet(answer);
      state(values.get("site"), true);
      document.body.dataset.shown = report.name;
    } else {
      by("sheet").replaceChildren();
      by("note").textContent = "";
      state(answer.detail || answer.title, false);
      if ([401, 403, 404].includes(response.status)) by("door").hidden = false;
    }
  } catch (problem) {
    state(problem.message, false);
  }
}

by("door").addEventListener("submit", (event) => {
  event.preventDefault();
  go(Object.fromEntries(new FormData(event.target)));
});
by("ask").addEventListener("change", (event) => go({ [event.target.name]: event.target.value }));
by("ask").addEventListener("submit", (event) => event.preventDefault());
by("csv").addEventListener("click", async () => {
  const response = await ask(address("csv"));
  if (!response.ok) return state((await response.json()).detail, false);
  const link = make("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = `${wanted().get("site")}-${wanted().get("report") ?? reports[0].name}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
});
addEventListener("hashchange", show);
show();
