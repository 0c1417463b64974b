// The page: what the run came to, the matrix, the filters and the list of cases.
const $ = (id) => document.getElementById(id);
const EVERYTHING = { q: "", area: "", profile: "", tier: "", order: "attention", sentence: "" };
const state = { ...EVERYTHING, verdicts: new Set() };

// ---- What the run came to ----

const OUTCOMES = {
  0: ["conformant", "pass"],
  1: ["not conformant", "fail"],
  3: ["the suite is at fault", "harness-error"],
  4: ["could not be judged", "blocked"],
  5: ["the baseline is stale", "unexpected-pass"],
};

function showOutcome() {
  const { header, footer } = report;
  const [words, verdict] = OUTCOMES[footer.exit_code] ?? [`exit code ${footer.exit_code}`, "not-run"];
  $("host").textContent = header.host.name;
  $("outcome").textContent = words;
  $("outcome").dataset.verdict = verdict;
  $("headline").append(...headline());
  const kinds = [...VERDICTS.keys()].sort((a, b) => shareRank(a) - shareRank(b)).filter(count);
  for (const kind of kinds) {
    const part = h("span", { "data-verdict": kind });
    part.style.flexGrow = count(kind);
    $("proportions").append(part);
  }
  $("about").append(...about());
  if (footer.leftovers.length) {
    $("bottom").append(h("h2", {}, "Not removed from the host"),
      h("ul", {}, footer.leftovers.map((leftover) => h("li", {}, leftover))));
  }
  if (footer.stale_baseline?.length) {
    $("bottom").append(h("h2", {}, "Lines of the baseline that are not true"),
      h("ul", {}, footer.stale_baseline.map(({ source, cases, problem }) =>
        h("li", {}, h("code", {}, source), ` ${cases}: ${problem}`))));
  }
  $("bottom").append(h("p", {}, `${header.suite.name} ${header.suite.version} · specification ${header.suite.ledger} · ${header.format}`));
}

/** The bar begins with what is good, and ends with what does not apply. */
const shareRank = (kind) => (kind === "pass" ? -1 : rank(kind));

/** "n/N applicable": never a share of anything else. */
function headline() {
  const { applicable, complete, stopped } = report.footer;
  const passed = count("pass") + count("flaky");
  const rest = [...VERDICTS.keys()]
    .filter((kind) => kind !== "pass" && kind !== "not-applicable")
    .filter((kind) => count(kind) || kind === "fail" || kind === "blocked")
    .map((kind) => `${count(kind)} ${kind}`);
  rest.push(`${count("not-applicable")} not claimed`);
  return [h("b", {}, `${passed}/${applicable}`), ` applicable cases passed (${rest.join(", ")})`,
    complete ? "" : h("strong.stopped", {}, ` — the run ended early: ${stopped ?? "unknown why"}`)];
}

function about() {
  const { header, footer } = report;
  const { filters, tiers, profiles } = header.selection;
  const selected = [...filters, ...tiers, ...profiles];
  const rows = [
    ["Host", header.host.url],
    ["Claims", [...header.host.profiles, ...header.host.features].join(", ") || "nothing"],
    ["Began", header.started_at.replace("T", " ").replace(/\.\d+/, "")],
    ["Took", duration(footer.elapsed_ms)],
    ["Seed", `${header.seed}`],
    ["Run", header.run],
  ];
  if (selected.length) rows.push(["Selected", selected.join(", ")]);
  if (header.selection.shard) rows.push(["Part", `${header.selection.shard}`]);
  if (header.merged?.length) rows.push(["Merged", plural(header.merged.length, "run")]);
  if (header.baseline) rows.push(["Baseline", `${header.baseline.path}, ${plural(header.baseline.lines, "line")}`]);
  if (header.repeat) rows.push(["Repeat", header.repeat]);
  return rows.map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text)));
}

// ---- The matrix ----

function showMatrix() {
  const areas = [...new Set([...report.sentences.map(chapterOf), ...report.cases.map((c) => c.area)])];
  const kinds = [...VERDICTS.keys()].filter(count).sort((a, b) => shareRank(a) - shareRank(b));
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Chapter"),
    h("th", { scope: "col" }, "Sentences"),
    kinds.map((kind) => h("th.number", { scope: "col", "data-verdict": kind }, kind))));
  const body = h("tbody", {}, areas.map((area) => row(area, kinds)));
  $("matrix").append(h("caption", {}, "Chapters, their sentences, and their cases by verdict"), head, body);
  body.addEventListener("keydown", moveInMatrix);
}

function row(area, kinds) {
  const cases = report.cases.filter((one) => one.area === area);
  const squares = report.sentences.filter((one) => chapterOf(one) === area).map(square);
  if (squares.length) squares[0].tabIndex = 0;
  const number = (kind) => {
    const n = cases.filter((one) => one.verdict === kind).length;
    if (!n) return h("td.number.none", {}, "·");
    const button = h("button.plain", { type: "button", "data-verdict": kind,
      "aria-label": `${n} ${kind} in ${area}: show them` }, `${n}`);
    button.addEventListener("click", () => choose({ area, verdicts: new Set([kind]) }));
    return h("td.number", {}, button);
  };
  return h("tr", {}, h("th", { scope: "row" }, area), h("td", {}, h("div.squares", {}, squares)),
    kinds.map(number));
}

function square(sentence) {
  const verdicts = casesOf.get(sentence.id).map((one) => one.verdict);
  const verdict = verdicts.length ? worst(verdicts) : undefined;
  const words = verdict ?? (sentence.uncased ? "no case can judge it" : "no case in this run");
  return h("a.square", {
    href: `#${sentence.id}`, tabindex: "-1", "data-verdict": verdict, title: `${sentence.id} ${words}\n${sentence.text}`,
    "aria-label": `${sentence.id}, ${words}, ${plural(verdicts.length, "case")}: ${sentence.text}`,
  }, verdict && verdict !== "pass" ? glyph(verdict) : "");
}

/** Left and right in a chapter, up and down between chapters; one square of each is in the tab order. */
function moveInMatrix(event) {
  const here = event.target.closest(".square");
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!here || !step) return;
  event.preventDefault();
  const rows = [...$("matrix").querySelectorAll(".squares")].filter((one) => one.children.length);
  const line = here.parentElement;
  const column = [...line.children].indexOf(here);
  const vertical = event.key === "ArrowUp" || event.key === "ArrowDown";
  const target = vertical ? rows[rows.indexOf(line) + step] : line;
  const next = vertical
    ? target?.children[Math.min(column, target.children.length - 1)]
    : line.children[column + step];
  if (!next) return;
  for (const one of target.children) one.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

// ---- The list ----

const rows = new Map();

function caseRow(one) {
  const details = h("details.case", { id: one.id, "data-verdict": one.verdict },
    h("summary", {},
      h("span.verdict", {}, h("span.glyph", { "aria-hidden": "true" }, glyph(one.verdict)), one.verdict), " ",
      h("code.id", {}, one.id), " ",
      h("span.name", {}, h("span.slug", {}, one.slug), h("span.title", {}, one.title)), " ",
      h("span.took", {}, duration(one.elapsed_ms))));
  // Evidence is made when it is first looked at: there may be megabytes of it.
  details.addEventListener("toggle", () => details.open && fill(details, one));
  return details;
}

function fill(details, one) {
  if (!details.querySelector(":scope > .evidence")) details.append(evidence(one));
}

const ORDERS = {
  attention: (a, b) => rank(a.verdict) - rank(b.verdict) || (a.slug < b.slug ? -1 : 1),
  specification: (a, b) => (a.area === b.area ? 0 : a.area < b.area ? -1 : 1),
  slowest: (a, b) => b.elapsed_ms - a.elapsed_ms,
};

function matches(one) {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  return (!state.verdicts.size || state.verdicts.has(one.verdict))
    && (!state.area || one.area === state.area)
    && (!state.profile || one.profile === state.profile)
    && (!state.tier || one.tier === state.tier)
    && (!state.sentence || one.cites.includes(state.sentence))
    && words.every((word) => haystack(one).includes(word));
}

let shownOrder;
function showList() {
  if (shownOrder !== state.order) {
    shownOrder = state.order;
    $("list").append(...[...report.cases].sort(ORDERS[state.order]).map((one) => rows.get(one.id)));
  }
  let shown = 0;
  for (const one of report.cases) {
    const matching = matches(one);
    rows.get(one.id).hidden = !matching;
    shown += matching;
  }
  const narrowed = shown < report.cases.length;
  $("showing").textContent = narrowed
    ? `${shown} of ${plural(report.cases.length, "case")}` : plural(shown, "case");
  $("clear").hidden = !narrowed;
  $("nothing").hidden = shown > 0;
  showSentence();
}

function showSentence() {
  const sentence = sentenceById.get(state.sentence);
  $("sentence").hidden = !sentence;
  $("sentence").replaceChildren(...(sentence ? [
    h("p", {}, h("code", {}, sentence.id), " ", h("b.level", {}, sentence.level), " ", ...prose(sentence.text)),
    h("p.source", {}, `${sentence.profile} · ${sentence.source}`),
    sentence.uncased ? h("p", {}, "No case judges it: ", ...prose(sentence.uncased)) : "",
  ] : []));
}

// ---- Filters, and the address that holds them ----

function options(select, values, all) {
  select.append(h("option", { value: "" }, all),
    ...[...new Set(values)].sort().map((value) => h("option", { value }, value)));
}

function verdictBox(kind) {
  const box = h("input", { type: "checkbox", value: kind });
  box.addEventListener("change", () => {
    if (box.checked) state.verdicts.add(kind);
    else state.verdicts.delete(kind);
    changed();
  });
  return h("label.chip", { "data-verdict": kind }, box,
    h("span.glyph", { "aria-hidden": "true" }, glyph(kind)), `${kind} `, h("b", {}, `${count(kind)}`));
}

function makeFilters() {
  options($("area"), report.cases.map((one) => one.area), "all areas");
  options($("profile"), report.cases.map((one) => one.profile), "all profiles");
  options($("tier"), report.cases.map((one) => one.tier), "all tiers");
  $("verdicts").append(...[...VERDICTS.keys()].filter(count).map(verdictBox));
  for (const name of ["area", "profile", "tier", "order"]) {
    $(name).addEventListener("change", () => { state[name] = $(name).value; changed(); });
  }
  $("query").addEventListener("input", () => { state.q = $("query").value; changed(); });
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("clear").addEventListener("click", () => choose({}));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      $("query").focus();
    }
  });
}

/** Controls say what the state is. */
function showFilters() {
  $("query").value = state.q;
  for (const name of ["area", "profile", "tier", "order"]) $(name).value = state[name];
  for (const box of $("verdicts").querySelectorAll("input")) box.checked = state.verdicts.has(box.value);
}

/** Everything, but for what is named. */
function choose(some) {
  Object.assign(state, EVERYTHING, { order: state.order, verdicts: new Set() }, some);
  showFilters();
  changed();
  $("cases").scrollIntoView();
}

function changed() {
  const parameters = new URLSearchParams();
  for (const name of Object.keys(EVERYTHING)) {
    if (state[name] !== EVERYTHING[name]) parameters.set(name, state[name]);
  }
  if (state.verdicts.size) parameters.set("verdict", [...state.verdicts].join(","));
  const text = parameters.toString();
  history.replaceState(null, "", text ? `#?${text}` : "#");
  showList();
}

/** `#c-…` opens a case, `#s-…` shows a sentence's cases, `#?…` is a filter. */
function followAddress() {
  const address = decodeURIComponent(location.hash.slice(1));
  const { verdicts } = state;
  if (caseById.has(address)) {
    Object.assign(state, matches(caseById.get(address)) ? {} : { ...EVERYTHING, verdicts: new Set() });
    const row = rows.get(address);
    fill(row, caseById.get(address));
    row.open = true;
  } else if (sentenceById.has(address)) {
    Object.assign(state, EVERYTHING, { order: state.order, verdicts: new Set(), sentence: address });
  } else if (address.startsWith("?")) {
    const parameters = new URLSearchParams(location.hash.slice(2));
    Object.assign(state, EVERYTHING, { verdicts: new Set() });
    for (const name of Object.keys(EVERYTHING)) state[name] = parameters.get(name) ?? EVERYTHING[name];
    state.verdicts = new Set((parameters.get("verdict") ?? "").split(",").filter((kind) => RANK.has(kind)));
    if (!(state.order in ORDERS)) state.order = EVERYTHING.order;
  } else {
    state.verdicts = verdicts;
  }
  showFilters();
  showList();
  if (caseById.has(address)) rows.get(address).scrollIntoView();
  if (sentenceById.has(address)) $("sentence").scrollIntoView();
}

/** On paper: the evidence of what did not pass. */
function openForPaper() {
  for (const one of report.cases) {
    if (!one.failure || rows.get(one.id).hidden) continue;
    fill(rows.get(one.id), one);
    rows.get(one.id).open = true;
  }
}

showOutcome();
showMatrix();
makeFilters();
for (const one of report.cases) rows.set(one.id, caseRow(one));
followAddress();
addEventListener("hashchange", followAddress);
addEventListener("beforeprint", openForPaper);
