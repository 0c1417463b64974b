// The report as the page reads it: the document of the run, indexed.
const report = JSON.parse(document.getElementById("report").textContent);

// Worst first: the order of attention. A glyph says what the colour says to those who see it.
const VERDICTS = new Map([
  ["harness-error", "‼"], ["fail", "✗"], ["unexpected-pass", "△"], ["inconclusive", "?"],
  ["blocked", "■"], ["not-run", "○"], ["flaky", "≈"], ["known-failing", "▽"], ["pass", "✓"],
  ["not-applicable", "–"],
]);
// A kind of verdict that is newer than this page stands where it is seen.
for (const kind of Object.keys(report.footer.counts)) {
  if (!VERDICTS.has(kind)) VERDICTS.set(kind, "•");
}
const RANK = new Map([...VERDICTS.keys()].map((kind, rank) => [kind, rank]));
const rank = (verdict) => RANK.get(verdict) ?? RANK.size;
const glyph = (verdict) => VERDICTS.get(verdict) ?? "•";
const worst = (verdicts) => verdicts.reduce((a, b) => (rank(a) <= rank(b) ? a : b));

const caseById = new Map(report.cases.map((one) => [one.id, one]));
const sentenceById = new Map(report.sentences.map((one) => [one.id, one]));

/** Sentence id → its cases in this run. */
const casesOf = new Map(report.sentences.map((one) => [one.id, []]));
for (const one of report.cases) {
  for (const id of one.cites) casesOf.get(id)?.push(one);
}

const chapterOf = (sentence) => sentence.source.replace(/^.*\//, "").replace(/\.md:\d+$/, "");
const count = (verdict) => report.footer.counts[verdict] ?? 0;
const plural = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

function duration(ms) {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** What search looks through; made when it is first asked for. */
const haystacks = new Map();
function haystack(one) {
  let text = haystacks.get(one.id);
  if (text === undefined) {
    const sentences = one.cites.map((id) => `${id} ${sentenceById.get(id)?.text ?? ""}`);
    const failure = one.failure?.messages ?? [];
    text = [one.id, one.slug, one.title, one.source, one.reason ?? "", ...sentences, ...failure]
      .join("\n").toLowerCase();
    haystacks.set(one.id, text);
  }
  return text;
}

/** An element: `h("p.lead", {title: "…"}, "text", child)`. Never from markup. */
function h(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
  return element;
}
