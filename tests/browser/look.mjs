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
  // The page itself must not run scripts; the probe below is let in by the debugger alone.
  page.on("console", (message) => problems.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error}`));
  page.on("request", (request) => {
    if (request.url() !== url) problems.push(`request: ${request.url()}`);
  });
  await page.goto(url, { waitUntil: "load", timeout: 120_000 });
  // What the page costs the processor, so that a busy machine does not count.
  const { TaskDuration } = await page.metrics();
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
  await page.close();
}
await browser.close();
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
