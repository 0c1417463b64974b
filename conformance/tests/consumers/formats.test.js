// JUnit and TAP, read by parsers that others read them with: what is red to them is what did not pass.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Parser } from "tap-parser";
import { parse } from "test-results-parser";
import { file, json } from "./browser.js";

for (const folder of ["varied", "stopped", "excused", "wrong"]) {
  describe(folder, () => {
    const { cases, footer } = json(folder);
    const count = (...kinds) => kinds.reduce((sum, kind) => sum + (footer.counts[kind] ?? 0), 0);
    const green = count("pass", "flaky");
    const expected = count("known-failing");
    const skipped = count("not-applicable") + expected;
    const failed = count("fail", "unexpected-pass");
    const unjudged = cases.length - green - skipped - failed;

    test("a JUnit reader sees failures, errors and skips", () => {
      const read = parse({ type: "junit", files: [file(folder, "junit.xml")] });
      // Its total is of what ran.
      assert.deepEqual(
        { total: read.total + read.skipped, passed: read.passed, failed: read.failed, errors: read.errors, skipped: read.skipped },
        { total: cases.length, passed: green, failed, errors: unjudged, skipped });
      assert.equal(read.status, failed + unjudged ? "FAIL" : "PASS");
      const byName = new Map(read.suites.flatMap((suite) => suite.cases).map((one) => [one.name.split(" ")[0], one]));
      for (const one of cases.filter((one) => one.verdict === "fail")) {
        const seen = byName.get(one.id);
        assert.equal(seen.status, "FAIL", one.id);
        assert.ok(seen.failure.includes(one.failure.messages[0].split("\n")[0].slice(0, 40)), `${one.id}: ${seen.failure}`);
      }
    });

    test("a TAP reader sees the same, with diagnostics", () => {
      const read = Parser.parse(readFileSync(file(folder, "report.tap"), "utf8"));
      const [, version] = read.find(([event]) => event === "version");
      assert.equal(version, 14);
      const [, result] = read.find(([event]) => event === "complete");
      assert.deepEqual(
        { count: result.count, fail: result.fail, skip: result.skip, todo: result.todo, plan: result.plan.end },
        // What is expected to fail counts as failed and as TODO, and does no harm.
        { count: cases.length, fail: failed + unjudged + expected, skip: skipped - expected, todo: expected, plan: cases.length });
      assert.equal(result.ok, failed + unjudged === 0);
      assert.deepEqual(read.filter(([event]) => event === "extra"), [], "nothing is outside the protocol");
      const points = read.filter(([event]) => event === "assert").map(([, point]) => point);
      for (const [at, one] of cases.entries()) {
        assert.equal(points[at].name, `${one.id} ${one.slug}`);
        if (points[at].ok) continue;
        assert.equal(points[at].diag.verdict, one.verdict, one.id);
        assert.ok(points[at].diag.message.endsWith(one.failure?.messages.join("; ") ?? one.reason), one.id);
      }
    });
  });
}
