// The evidence of one case: sentences, differences, facts, and every exchange with the host.

function evidence(one) {
  return h("div.evidence", {}, [
    h("p.where", {}, `${one.profile} · ${one.tier} · ${one.source}`,
      one.negative && one.twin ? [" · must be refused; the twin that must succeed is ", caseLink(one.twin)] : []),
    one.cites.map(cited),
    one.reason ? h("p.reason", {}, one.reason) : null,
    one.baseline ? known(one.baseline) : null,
    one.failure ? failure(one) : null,
    one.failure && report.header.repeat_case
      ? command("Run it alone", "The command that runs this case alone", `${report.header.repeat_case} ${one.id}`)
      : null,
    one.facts.length ? facts(one) : null,
    one.exchanges.map((exchange) => shown(one, exchange)),
    one.sightings.map(found),
  ]);
}

const caseLink = (id) => h("a", { href: `#${id}` }, h("code", {}, id), ` ${caseById.get(id)?.slug ?? ""}`);

function cited(id) {
  const sentence = sentenceById.get(id);
  if (!sentence) return h("p.cited", {}, id);
  return h("blockquote.cited", {},
    h("a", { href: `#${id}` }, h("code", {}, id)), " ",
    h("b.level", {}, sentence.level), " ", ...prose(sentence.text),
    h("span.source", {}, sentence.source));
}

/** Text with `code` in it. */
function prose(text) {
  return text.split(/(`[^`]+`)/).map((part) =>
    part.startsWith("`") && part.endsWith("`") ? h("code", {}, part.slice(1, -1)) : part);
}

function failure(one) {
  const { step, messages, kind } = one.failure;
  return h("div.failure", {},
    h("h3", {}, step ? `Step ${step}` : kind),
    h("ul.differences", {}, messages.map((message) => h("li", {}, message))),
    one.verdict === "flaky" ? h("p", {}, "It passed when it was run again alone.") : null);
}

/** What the baseline says of a case. The link of a line is text of its author: shown, not followed. */
function known({ reason, until, link, source }) {
  return h("p.known", {}, "The baseline says: ", ...prose(reason), until ? ` Until ${until}.` : "",
    link ? [" ", h("code", {}, link)] : [], h("span.source", {}, ` ${source}`));
}

function facts(one) {
  const fact = ({ statement, origin, exchange }) => h("li", {},
    h("code", {}, statement),
    h("span.source", {}, exchange === undefined ? `in a ${origin} of the host` : `in exchange ${exchange}`));
  return h("details.facts", { open: one.facts.length <= 8 },
    h("summary", {}, `The pass rests on ${plural(one.facts.length, "fact")}`),
    h("ul", {}, one.facts.map(fact)));
}

function shown(one, exchange) {
  const { response } = exchange;
  // Open is what the failure is about; where it is about none, the last.
  const about = one.failure ? one.failure.exchange ?? one.exchanges.length - 1 : one.exchanges.length - 1;
  const path = exchange.url.replace(report.header.host.url.replace(/\/$/, ""), "");
  const answer = response ? `${response.status}` : "no response";
  return h("details.exchange", { open: exchange.number === about },
    h("summary", {},
      h("span.number", {}, exchange.step || `${exchange.number}`), " ",
      h("code", {}, `${exchange.method} ${path}`), " ",
      h("span.answer", {}, "→ ", h("b", {}, answer), ` · ${duration(exchange.elapsed_ms)}`)),
    h("div.wire", {},
      message("Request", `${exchange.method} ${exchange.url}`, exchange.headers, exchange.body),
      response
        ? message("Response", `${response.status}`, response.headers, response.body)
        : h("div.message", {}, h("h3.part", {}, "Response"), h("p", {}, exchange.error ?? "none"))),
    command("Ask again", "The request as a curl command", exchange.curl));
}

/** What a step found elsewhere than in an answer. */
function found({ step, count, last }) {
  const more = last !== undefined && Object.keys(last).length > 0;
  const head = h("summary", {}, h("span.number", {}, step), " ", h("span.answer", {}, "found ", h("b", {}, `${count}`)));
  if (!more) return h("p.sighting", {}, ...head.childNodes);
  return h("details.exchange", {}, head,
    h("div.wire", {}, h("div.message", {}, h("h3.part", {}, count > 1 ? "The last of them" : "This"),
      h("pre.body", { tabindex: "0", "aria-label": "What was found" }, JSON.stringify(last, null, 2)))));
}

function message(name, first, headers, body) {
  const lines = [first, ...headers.map(([key, value]) => `${key}: ${value}`)].join("\n");
  return h("div.message", {}, h("h3.part", {}, name),
    h("pre", { tabindex: "0", "aria-label": `${name}: head` }, lines),
    body && body.bytes ? content(name, body) : h("p.source", {}, "no body"));
}

function content(name, body) {
  const whole = body.truncated ? `, of which this is the beginning` : "";
  const label = body.text === undefined ? "bytes in base64" : "bytes";
  return [
    h("pre.body", { tabindex: "0", "aria-label": `${name}: body` }, readable(body)),
    h("p.source", {}, `${body.bytes} ${label}${whole}`),
  ];
}

/** JSON with line breaks; anything else as it came. */
function readable(body) {
  if (body.text === undefined) return body.base64 ?? "";
  if (body.truncated || !/^\s*[[{]/.test(body.text)) return body.text;
  try {
    return JSON.stringify(JSON.parse(body.text), null, 2);
  } catch {
    return body.text;
  }
}

function command(heading, label, text) {
  const button = h("button.plain", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(line);
      button.textContent = "Selected";
    }
  });
  const line = h("pre", { tabindex: "0", "aria-label": label }, text);
  return h("div.again", {}, h("h3.part", {}, `${heading} `, button), line);
}
