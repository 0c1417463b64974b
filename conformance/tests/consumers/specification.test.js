// The specification's pages, in a browser: every link leads somewhere, every sentence has its anchor.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { assertAccessible, file, json, launch, visit } from "./browser.js";

const { sentences, cases } = json("wrong");
const pages = readdirSync(file("spec")).filter((name) => name.endsWith(".html") && name !== "report.html");
const caseIds = new Set(cases.map((one) => one.id));

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

test("every link leads to something that is there", async () => {
  const [ids, links] = [new Map(), []];
  for (const name of pages) {
    await visit(browser, file("spec", name), {}, async (page) => {
      ids.set(name, new Set(await page.locator("[id]").evaluateAll((all) => all.map((one) => one.id))));
      const hrefs = await page.locator("a[href]").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
      links.push(...hrefs.map((href) => [name, href]));
    });
  }
  assert.ok(links.length > sentences.length);
  const dead = links.filter(([from, href]) => {
    const [path, id] = href.split("#");
    const page = path || from;
    if (page === "report.html") return id !== undefined && !caseIds.has(id);
    return !ids.has(page) || (id !== undefined && !ids.get(page).has(id));
  });
  assert.deepEqual(dead, []);
});

test("every sentence stands under its id, in its words, with its margin", async () => {
  const byPage = group(sentences, chapter);
  for (const [name, those] of byPage) {
    await visit(browser, file("spec", name), {}, async (page) => {
      const found = await page.locator(".sentence").evaluateAll((all) => all.map((one) => ({
        id: one.id, text: one.querySelector(".text").textContent, margin: one.querySelector(".margin").textContent,
      })));
      assert.deepEqual(found.map((one) => one.id), those.map((one) => one.id), name);
      for (const [at, sentence] of those.entries()) {
        // Marks of code and emphasis are shown as what they mean.
        const words = (text) => text.replace(/[`*\s]/g, "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
        assert.ok(words(found[at].text).endsWith(words(sentence.text)), `${sentence.id}: ${found[at].text}`);
        const citing = cases.filter((one) => one.cites.includes(sentence.id));
        const expected = citing.length ? `${citing.length} case` : sentence.uncased;
        assert.ok(words(found[at].margin).includes(words(expected)), `${sentence.id}: ${found[at].margin}`);
        for (const one of citing) assert.ok(found[at].margin.includes(one.id), `${sentence.id}: ${one.id}`);
      }
    });
  }
});

const chapter = (sentence) => sentence.source.replace(/^spec\/(.*)\.md:\d+$/, "$1.html");
function group(all, key) {
  const groups = new Map();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}

test("a link to a sentence brings it into view", async () => {
  const sentence = sentences.at(-1);
  await visit(browser, file("spec", chapter(sentence)), { hash: `#${sentence.id}` }, async (page) => {
    const { top } = await page.locator(`[id="${sentence.id}"]`).evaluate((one) => one.getBoundingClientRect().toJSON());
    assert.ok(top >= 0 && top < 900, `${top}`);
  });
});

test("a case in a margin leads to its evidence, a mutant says who killed it", async () => {
  await visit(browser, file("spec", "http.html"), {}, async (page) => {
    const link = page.locator('.margin a[href^="report.html#c-"]').first();
    const id = (await link.getAttribute("href")).split("#")[1];
    await link.click();
    await page.locator(`[id="${id}"] .evidence`).waitFor();
  });
  const mutants = page => page.locator(".margin details", { hasText: "mutants killed" });
  await visit(browser, file("spec", "http.html"), {}, async (page) => {
    await mutants(page).first().locator("summary").click();
    assert.match(await mutants(page).first().innerText(), /envelope-renamed[\s\S]*killed[\s\S]*by c-/);
    assert.match(await page.locator(".margin").nth(1).innerText(), /0\/1 mutants killed/);
  });
});

test("pages are accessible in both colours, and nothing is wider than a small screen", async () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, width] of [["index.html", 1280], ["http.html", 1280], ["http.html", 390], ["sql.html", 390]]) {
      await visit(browser, file("spec", name), { colorScheme, viewport: { width, height: 900 } }, async (page) => {
        await assertAccessible(page, `${name} in ${colorScheme} at ${width}`);
        const overflow = await page.evaluate(() =>
          document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(overflow, 0, `${name} at ${width}`);
        await page.screenshot({ path: file(`spec-${name}-${colorScheme}-${width}.png`) });
      });
    }
  }
});
