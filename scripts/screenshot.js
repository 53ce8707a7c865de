// Writes docs/dashboard.png from a sweep's page that is running: `node scripts/screenshot.js http://127.0.0.1:4600/sweeps/ID`.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [address] = process.argv.slice(2);
if (address === undefined || !URL.canParse(address)) {
  process.stderr.write('usage: node scripts/screenshot.js ADDRESS-OF-A-SWEEP\n');
  process.exit(2);
}
const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'dashboard.png');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 1560 } });
await page.goto(address);
await page.locator('#live[data-state="live"]').waitFor();
await page.locator('.charts canvas').first().waitFor();
// Notes are the user's own; the picture shows what every sweep has.
await page.locator('.annotation').evaluateAll((cards) => cards.forEach((card) => card.remove()));
await page.screenshot({ path: file, animations: 'disabled' });
await browser.close();
process.stdout.write(`${file}\n`);
