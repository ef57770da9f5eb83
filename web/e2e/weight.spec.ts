import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';

/** What a phone on a bad line waits for, without the base map. */
const MOST_BYTES = 150_000;

test('the first load is small without its base map', async ({ page }) => {
  const map = new MapPage(page);
  const sizes: { path: string; bytes: Promise<number> }[] = [];
  page.on('requestfinished', (request) => {
    const { pathname } = new URL(request.url());
    // The places themselves are as many as the view has.
    if (!/basemap|graphql$/.test(pathname)) sizes.push({ path: pathname, bytes: request.sizes().then(({ responseBodySize }) => responseBodySize) });
  });
  await map.open(EUROPE);
  const bytes = await Promise.all(sizes.map((size) => size.bytes));
  const listed = sizes.map(({ path }, index) => `${path} ${bytes[index]}`).join('\n');
  expect(sizes.length).toBeGreaterThan(3);
  expect(bytes.reduce((sum, size) => sum + size, 0), listed).toBeLessThanOrEqual(MOST_BYTES);
});
