// For `make bench`: node e2e/bench.mjs URL. Seconds until the map of a server is usable, and of the longest frame of a move with
// as many places as the page draws at most: the median of several runs each, as one line of JSON.
import { chromium } from '@playwright/test';

const RUNS = 7;
/** Cities of Europe: more than the page draws. */
const CROWDED = '#5/50/10';
const MOST_PLACES = 5_000;
const VIEWPORT = { width: 1280, height: 800 };

const [url] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'],
});
try {
  const [usable, move] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    usable.push(await inFreshBrowser(timeToPlaces));
    move.push(await inFreshBrowser(longestFrame));
  }
  console.log(JSON.stringify({ usable: median(usable) / 1000, move: median(move) / 1000 }));
} finally {
  await browser.close();
}

/** With nothing in the cache. */
async function inFreshBrowser(measure) {
  const context = await browser.newContext({ viewport: VIEWPORT, reducedMotion: 'reduce', locale: 'en-GB' });
  try {
    return await measure(await context.newPage());
  } finally {
    await context.close();
  }
}

/** Milliseconds from the start of the navigation to the frame after the list and the canvas have their places. */
async function timeToPlaces(page) {
  await page.goto(url, { waitUntil: 'commit' });
  return placesDrawn(page, 1);
}

async function placesDrawn(page, least) {
  const drawn = await page.waitForFunction(
    (least) => {
      const count = Number(/^([\d,]+) places? in view$/.exec(document.querySelector('.list .list-count')?.textContent ?? '')?.[1]?.replaceAll(',', ''));
      const canvas = document.querySelector('.leaflet-overlay-pane canvas');
      return count >= least && canvas !== null && document.querySelector('.notices [role=status]')?.textContent === '' && performance.now();
    },
    least,
    { polling: 'raf' },
  );
  return drawn.jsonValue();
}

/** Milliseconds of the longest frame from a drag of the map until what came into view is drawn. */
async function longestFrame(page) {
  await page.goto(`${url}/${CROWDED}`);
  await placesDrawn(page, MOST_PLACES / 2);
  const box = await page.locator('.map').first().boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.evaluate(() => {
    globalThis.frames_ms = [];
    let last = performance.now();
    const frame = (now) => {
      globalThis.frames_ms.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const answered = page.waitForResponse((response) => response.url().endsWith('/graphql'));
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 300, y, { steps: 10 });
  await page.mouse.up();
  await answered;
  await placesDrawn(page, MOST_PLACES / 2);
  return page.evaluate(() => Math.max(...globalThis.frames_ms));
}

function median(values) {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}
