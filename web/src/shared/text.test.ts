import { expect, test } from 'vitest';
import { labelOf, momentOf, segmentsOf, type Segment } from './text';

const text = (words: string): Segment => ({ text: words, href: null });
const link = (href: string): Segment => ({ text: href, href });

test.each<[string, Segment[]]>([
  ['', []],
  ['no link', [text('no link')]],
  ['https://example.org/a?b=c#d', [link('https://example.org/a?b=c#d')]],
  ['see https://example.org.', [text('see '), link('https://example.org'), text('.')]],
  ['(http://example.org/a)', [text('('), link('http://example.org/a'), text(')')]],
  ['http://example.org/a_(b)', [link('http://example.org/a_(b)')]],
  ['http://a.example and HTTPS://b.example', [link('http://a.example'), text(' and '), link('HTTPS://b.example')]],
  ['javascript:alert(1)', [text('javascript:alert(1)')]],
  ['data:text/html,x', [text('data:text/html,x')]],
  ['http://', [text('http://')]],
  ['<a href="https://example.org">x</a>', [text('<a href="'), link('https://example.org'), text('">x</a>')]],
  ['<img src=x onerror=alert(1)>', [text('<img src=x onerror=alert(1)>')]],
])('the links in %j', (input, expected) => {
  expect(segmentsOf(input)).toEqual(expected);
});

test.each([
  ['population', 'Population'],
  ['featureCode', 'Feature code'],
  ['feature_code', 'Feature code'],
  ['FEATURE-CODE', 'Feature code'],
  ['parentID', 'Parent ID'],
  ['addr:street', 'Addr:street'],
  ['ISO', 'ISO'],
  ['', ''],
  ['__', '__'],
])('the property %j is called %j', (key, label) => {
  expect(labelOf(key)).toBe(label);
});

test.each([
  ['2018-02-07T01:26:13.840Z', '2018-02-07T01:26:13.840Z'],
  ['2018-02-07T01:26:13+02:00', '2018-02-06T23:26:13.000Z'],
  ['2018-02-07', undefined],
  ['2018-99-07T01:26:13Z', undefined],
  ['in 2018-02-07T01:26:13Z', undefined],
])('the moment of %j', (input, expected) => {
  expect(momentOf(input)?.toISOString()).toBe(expected);
});
