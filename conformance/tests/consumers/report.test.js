// The HTML report, in a browser: what it shows is what report.json says, and it keeps to itself.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, file, json, launch, views, visit } from "./browser.js";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const report = (folder) => file(folder, "report.html");
const shown = (page) => page.locator("details.case:not([hidden])").count();
const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const screenshot = (page, name) => page.screenshot({ path: file(`${name}.png`) });

for (const folder of ["varied", "stopped", "excused", "wrong", "looked"]) {
  describe(`the report of the ${folder} host`, () => {
    const document = json(folder);
    const of = (predicate) => document.cases.filter(predicate);

    test("says n/N applicable, and every count", async () => {
      await visit(browser, report(folder), {}, async (page) => {
        const { counts, applicable, stopped } = document.footer;
        const headline = await page.locator("#headline").innerText();
        assert.ok(headline.startsWith(`${counts.pass + counts.flaky}/${applicable} applicable cases passed`), headline);
        assert.ok(headline.includes(`${counts.fail} fail`) && headline.includes(`${counts.blocked} blocked`), headline);
        assert.ok(headline.includes(`${counts["not-applicable"]} not claimed`), headline);
        if (stopped) assert.ok(headline.includes(stopped), headline);
        assert.equal(await page.locator("#host").innerText(), document.header.host.name);
      });
    });

    test("filters by verdict, area, profile and tier", async () => {
      await visit(browser, report(folder), {}, async (page) => {
        for (const [verdict, count] of Object.entries(document.footer.counts)) {
          const box = page.locator(`#verdicts input[value="${verdict}"]`);
          assert.equal(await box.count(), count ? 1 : 0, verdict);
          if (!count) continue;
          await box.locator("..").click();
          assert.equal(await shown(page), count, verdict);
          await box.locator("..").click();
        }
        for (const field of ["area", "profile", "tier"]) {
          for (const value of new Set(document.cases.map((one) => one[field]))) {
            await page.selectOption(`#${field}`, value);
            assert.equal(await shown(page), of((one) => one[field] === value).length, `${field} ${value}`);
          }
          await page.selectOption(`#${field}`, "");
        }
        assert.equal(await shown(page), document.cases.length);
      });
    });

    test("finds cases by id, slug and words, and says when there is none", async () => {
      await visit(browser, report(folder), {}, async (page) => {
        const one = document.cases[Math.floor(document.cases.length / 2)];
        for (const words of [one.id, one.slug, `${one.slug} ${one.id.toUpperCase()}`]) {
          await page.fill("#query", words);
          assert.ok(await page.locator(`[id="${one.id}"]`).isVisible(), words);
        }
        await page.fill("#query", "no case has these words");
        assert.equal(await shown(page), 0);
        assert.ok(await page.locator("#nothing").isVisible());
        await page.click("#clear");
        assert.equal(await shown(page), document.cases.length);
      });
    });

    test("shows the evidence of every case that has any", async () => {
      await visit(browser, report(folder), {}, async (page) => {
        const texts = await page.evaluate(async () => {
          const found = {};
          for (const row of globalThis.document.querySelectorAll("details.case")) {
            row.querySelector("summary").click();
            await new Promise((done) => row.addEventListener("toggle", done, { once: true }));
            found[row.id] = row.querySelector(".evidence").textContent;
            row.open = false;
          }
          return found;
        });
        for (const one of document.cases) {
          const text = texts[one.id];
          const expected = [one.source, one.reason ?? "", one.baseline?.source ?? "", ...(one.failure?.messages ?? []),
            ...one.facts.map((fact) => fact.statement),
            ...one.cites.map((id) => document.sentences.find((sentence) => sentence.id === id).source),
            ...one.exchanges.flatMap((exchange) => [
              `${exchange.method} ${exchange.url}`, `curl --path-as-is -i -X ${exchange.method}`,
              exchange.response ? `→ ${exchange.response.status}` : exchange.error]),
            ...one.sightings.flatMap(({ step, count, last }) => [
              `${step} found ${count}`, ...(last ? [JSON.stringify(last, null, 2)] : [])])];
          for (const part of expected) assert.ok(text.includes(part), `${one.id}: ${part}`);
        }
      });
    });
  });
}

describe("the page", () => {
  const document = json("varied");
  const failing = document.cases.find((one) => one.verdict === "fail");

  test("opens a failing case by mouse and by keyboard", async () => {
    await visit(browser, report("varied"), {}, async (page) => {
      const row = page.locator(`[id="${failing.id}"]`);
      await row.locator("summary").first().click();
      await row.getByText(failing.failure.messages[0]).waitFor();
      await row.getByText("curl --path-as-is").first().waitFor();
      await row.locator("summary").first().press("Enter");
      await row.locator(".evidence").waitFor({ state: "hidden" });
      await page.locator("body").press("/");
      assert.equal(await page.evaluate(() => globalThis.document.activeElement.id), "query");
    });
  });

  test("moves through the matrix by arrow keys, one stop of a chapter in the tab order", async () => {
    await visit(browser, report("wrong"), {}, async (page) => {
      const focused = () => page.evaluate(() => globalThis.document.activeElement.getAttribute("href"));
      const first = page.locator(".squares").first();
      await first.locator("a").first().focus();
      const before = await focused();
      await page.keyboard.press("ArrowRight");
      assert.notEqual(await focused(), before);
      await page.keyboard.press("ArrowLeft");
      assert.equal(await focused(), before);
      await page.keyboard.press("ArrowDown");
      assert.equal(await focused(), await page.locator(".squares").nth(1).locator("a").first().getAttribute("href"));
      await page.keyboard.press("Enter");
      await page.locator("#sentence").waitFor();
      assert.equal(await first.locator('[tabindex="0"]').count(), 1);
    });
  });

  test("is linked to by case, by sentence and by filter", async () => {
    await visit(browser, report("varied"), { hash: `#${failing.id}` }, async (page) => {
      await page.locator(`[id="${failing.id}"] .evidence`).waitFor();
      await page.evaluate(() => { location.hash = "#?verdict=pass"; });
      await page.waitForFunction((id) => globalThis.document.getElementById(id).hidden, failing.id);
      assert.equal(await shown(page), document.footer.counts.pass);
      // A link to a case wins over a filter that hides it.
      await page.evaluate((id) => { location.hash = `#${id}`; }, failing.id);
      await page.waitForFunction((id) => !globalThis.document.getElementById(id).hidden, failing.id);
      const [sentence] = failing.cites;
      await page.evaluate((id) => { location.hash = `#${id}`; }, sentence);
      await page.locator("#sentence").getByText(sentence).waitFor();
      assert.equal(await shown(page), document.cases.filter((one) => one.cites.includes(sentence)).length);
    });
  });

  test("keeps a filter in its address", async () => {
    await visit(browser, report("wrong"), {}, async (page) => {
      await page.selectOption("#area", "sql");
      await page.fill("#query", "refused");
      const count = await shown(page);
      assert.ok(count > 0);
      const address = new URL(page.url()).hash;
      await visit(browser, report("wrong"), { hash: address }, async (again) => {
        assert.equal(await shown(again), count);
        assert.equal(await again.inputValue("#area"), "sql");
      });
    });
  });

  test("has light and dark colours, by the system's wish and by its own switch", async () => {
    const seen = {};
    for (const colorScheme of ["light", "dark"]) {
      await visit(browser, report("varied"), { colorScheme }, async (page) => {
        seen[colorScheme] = await background(page);
        const other = colorScheme === "light" ? "dark" : "light";
        while ((await page.locator(".theme").getAttribute("data-current")) !== other) await page.click(".theme");
        seen[`switched to ${other}`] = await background(page);
        await page.reload();
        seen[`remembered ${other}`] = await background(page);
      });
    }
    assert.notEqual(seen.light, seen.dark);
    for (const scheme of ["light", "dark"]) {
      assert.equal(seen[`switched to ${scheme}`], seen[scheme]);
      assert.equal(seen[`remembered ${scheme}`], seen[scheme]);
    }
  });

  test("is accessible in both colours, with evidence open and on a small screen", async () => {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [1280, 390]) {
        await visit(browser, report("varied"), { colorScheme, viewport: { width, height: 900 } }, async (page) => {
          for (const summary of await page.locator("details.case > summary").all()) await summary.click();
          await page.locator("details.case:not(:has(> .evidence))").first().waitFor({ state: "detached" });
          await assertAccessible(page, `${colorScheme} at ${width}`);
          const overflow = await page.evaluate(() =>
            globalThis.document.documentElement.scrollWidth - globalThis.document.documentElement.clientWidth);
          assert.equal(overflow, 0, "nothing is wider than the screen");
          await screenshot(page, `varied-${colorScheme}-${width}`);
        });
      }
    }
  });

  test("shows what a host says, and does nothing that a host says", async () => {
    await visit(browser, report("varied"), {}, async (page) => {
      const hostile = document.cases.find((one) => JSON.stringify(one).includes("</script>"));
      assert.ok(hostile, "the host tries it");
      await page.locator(`[id="${hostile.id}"] > summary`).click();
      await page.locator(`[id="${hostile.id}"]`).getByText("</script><script>").first().waitFor();
      assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
    });
  });

  test("prints the evidence of what failed, and no controls", async () => {
    await visit(browser, report("varied"), {}, async (page) => {
      await page.emulateMedia({ media: "print" });
      assert.ok(!(await page.locator("#filters").isVisible()));
      const pdf = await page.pdf();
      assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
      assert.ok(await page.locator(`[id="${failing.id}"] .evidence`).isVisible());
    });
  });

  test("takes a case list of this size in its stride", async () => {
    await visit(browser, report("wrong"), {}, async (page) => {
      const { cases } = json("wrong");
      assert.ok(cases.length > 1000, `${cases.length}`);
      assert.equal(await shown(page), cases.length);
      // Evidence of a thousand cases is not made before anybody looks at it.
      assert.equal(await page.locator(".evidence").count(), 0);
      await screenshot(page, "wrong-light");
    });
  });

  test("of the badge is a picture", async () => {
    await visit(browser, file("varied", "badge.svg"), {}, async (page) => {
      const text = await page.evaluate(() => globalThis.document.documentElement.getAttribute("aria-label"));
      assert.match(text, /^hostproof: /);
    });
    assert.ok(views);
  });
});
