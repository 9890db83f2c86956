// Opens a page in Chromium and fails on whatever a reader would stumble over.
// usage: look.mjs FILE…    with NODE_PATH; with SCREENSHOTS=DIR pictures are kept there

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";
import path from "node:path";

const require = createRequire(path.join(process.env.NODE_PATH, "x.js"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core"), "utf8");
const WIDTHS = [360, 900, 1600];
const LAYOUT_MILLISECONDS = 1000;

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const problems = [];
for (const file of process.argv.slice(2)) {
  const url = pathToFileURL(file).href;
  const page = await browser.newPage();
  // The page's policy lets in no script but its own; the probe below is let in by the debugger alone.
  page.on("console", (message) => problems.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error}`));
  page.on("request", (request) => {
    if (request.url() !== url) problems.push(`request: ${request.url()}`);
  });
  // What the page costs the processor, so that a busy machine does not count.
  const meter = await page.createCDPSession();
  await meter.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(url, { waitUntil: "load", timeout: 120_000 });
  const { metrics } = await meter.send("Performance.getMetrics");
  const TaskDuration = metrics.find((metric) => metric.name === "TaskDuration").value;
  const items = await page.$$eval("tr", (rows) => rows.length);
  console.log(`${items} rows, ${Math.round(TaskDuration * 1000)} ms of work`);
  if (TaskDuration * 1000 > LAYOUT_MILLISECONDS) problems.push(`slow: ${TaskDuration} s`);
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const width of WIDTHS) {
      await page.setViewport({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) problems.push(`${width}: ${wide} pixels too wide`);
      if (process.env.SCREENSHOTS && items < 1000) {
        const name = `${path.basename(file, ".html")}-${scheme}-${width}.png`;
        await page.screenshot({ path: path.join(process.env.SCREENSHOTS, name) });
      }
    }
    if (items < 1000) {
      await page.evaluate(axe);
      const found = await page.evaluate(() => axe.run());
      for (const violation of found.violations) {
        const where = violation.nodes.map((node) => node.target.join(" ")).slice(0, 3);
        problems.push(`${scheme}: ${violation.id}: ${violation.help} (${where.join(", ")})`);
      }
    }
  }
  // Sorting and filtering are the page's own script, which its policy names by its hash.
  const sorted = await page.evaluate(async () => {
    const wrong = [];
    for (const table of document.querySelectorAll("table[data-sort]")) {
      const rows = () => Array.from(table.tBodies[0].rows);
      if (rows().length < 2) continue;
      for (const details of document.querySelectorAll("details")) if (details.contains(table)) details.open = true;
      const head = table.tHead.rows[0].cells[0];
      const name = table.closest("[role=region]").getAttribute("aria-label");
      const button = head.querySelector("button");
      if (!button) {
        wrong.push(`${name}: cannot be sorted`);
        continue;
      }
      const texts = () => rows().map((row) => row.cells[0].dataset.value ?? row.cells[0].textContent.trim());
      const order = new Intl.Collator("en", { numeric: true });
      button.click();
      const up = texts();
      if (head.getAttribute("aria-sort") !== "ascending") wrong.push(`${name}: does not say that it is sorted`);
      if (up.some((text, at) => at > 0 && order.compare(up[at - 1], text) > 0)) wrong.push(`${name}: not sorted`);
      button.click();
      if (order.compare(texts()[0], up[up.length - 1]) !== 0) wrong.push(`${name}: not sorted downwards`);
      const filter = table.closest("[role=region]").previousElementSibling.querySelector("input");
      const count = rows().length;
      filter.value = "no such text anywhere";
      filter.dispatchEvent(new Event("input"));
      if (rows().some((row) => !row.hidden)) wrong.push(`${name}: not filtered`);
      filter.value = "";
      filter.dispatchEvent(new Event("input"));
      if (rows().filter((row) => !row.hidden).length !== count) wrong.push(`${name}: rows are lost`);
    }
    return wrong;
  });
  problems.push(...sorted);
  await page.close();
}
await browser.close();
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
