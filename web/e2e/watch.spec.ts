import { test } from './fixtures';

// The watch over every other test, watched: an expected fault that does not happen fails.

test('the watch sees a violation of the content security policy', async ({ page, faults }) => {
  faults.expect(/^policy: style-src-attr blocked inline /);
  faults.expect(/^console: Applying inline style violates /);
  await page.goto('/');
  await page.evaluate(() => document.body.setAttribute('style', 'color: red'));
});

test('the watch sees a request to a foreign host, which the policy stops', async ({ page, faults }) => {
  faults.expect(/^policy: connect-src blocked http:\/\/localhost:9\/ /);
  faults.expect(/^console: /);
  await page.goto('/');
  await page.evaluate(() => fetch('http://localhost:9/').catch(() => null));
});

test('the watch sees a way to a foreign host, which no policy stops', async ({ page, faults }) => {
  faults.expect(/^foreign request: http:\/\/localhost:9\/$/);
  await page.route('http://localhost:9/', (route) => route.fulfill({ contentType: 'text/html', body: 'elsewhere' }));
  await page.goto('http://localhost:9/');
});

test('the watch sees an error on the console and an exception', async ({ page, faults }) => {
  faults.expect(/^console: something is wrong /);
  faults.expect(/^exception: Error: nobody caught this/);
  await page.goto('/');
  const thrown = page.waitForEvent('pageerror');
  await page.evaluate(() => {
    console.error('something is wrong');
    setTimeout(() => {
      throw new Error('nobody caught this');
    });
  });
  await thrown;
});
