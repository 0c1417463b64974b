// A browser that notices everything: each page it opens must load nothing but itself and say nothing
// on its console.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

/** The folder of reports to read; the test that starts this one makes it. */
export const views = process.env.HOSTPROOF_VIEWS;
assert.ok(views, "HOSTPROOF_VIEWS names the folder of reports: run `cargo xtask consumers`");

export const json = (folder) => JSON.parse(readFileSync(join(views, folder, "report.json"), "utf8"));
export const file = (...path) => join(views, ...path);

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

export async function launch() {
  const executablePath = process.env.HOSTPROOF_CHROMIUM ?? PLACES.find((place) => existsSync(place));
  assert.ok(executablePath, "no Chromium: install it, or name one in HOSTPROOF_CHROMIUM");
  // No sandbox: the pages are ours, and containers have no user to give it.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** Opens a page, lets `use` work with it, and asserts that it kept to itself. */
export async function visit(browser, path, options, use) {
  const { hash = "", ...contextOptions } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...contextOptions });
  try {
    const page = await context.newPage();
    const [said, asked] = [[], []];
    page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => said.push(error.stack));
    page.on("dialog", (dialog) => { said.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(path).href + hash);
    await use(page);
    const outside = asked.filter((url) => !url.startsWith("file:"));
    assert.deepEqual(outside, [], "a page asks nobody");
    assert.deepEqual(said, [], "nothing is said on the console");
    return asked;
  } finally {
    await context.close();
  }
}

/** What axe has to say against the page as it is. */
export async function assertAccessible(page, what) {
  // Evaluated, not added: the page's policy allows no script but its own.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.map(({ id, help, nodes }) =>
    `${id}: ${help}\n${nodes.slice(0, 3).map((node) => `  ${node.target}: ${node.failureSummary}`).join("\n")}`);
  assert.deepEqual(found, [], `accessibility of ${what}`);
}
