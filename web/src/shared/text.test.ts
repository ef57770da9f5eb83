import { describe, expect, it } from 'vitest';
import { labelOf, momentOf, segmentsOf } from './text';

describe('links in text', () => {
  const links = (text: string) => segmentsOf(text).flatMap(({ href }) => (href === null ? [] : [href]));

  it.each<[string, string[]]>([
    ['no link here', []],
    ['https://a.example/x?y=1#z', ['https://a.example/x?y=1#z']],
    ['See http://a.example, and (https://b.example/c).', ['http://a.example', 'https://b.example/c']],
    ['https://a.example/Stone_(ground)', ['https://a.example/Stone_(ground)']],
    ['javascript:alert(1) data:text/html,x //a.example ftp://a.example', []],
    ['<a href="https://a.example/">x</a>', ['https://a.example/']],
    ['https://', []],
    ['HTTPS://A.EXAMPLE/', ['HTTPS://A.EXAMPLE/']],
  ])('in %j are %j', (text, expected) => {
    expect(links(text)).toEqual(expected);
  });

  it.each(['', 'plain', 'a https://b.example. c', 'https://a.example https://b.example'])('loses nothing of %j', (text) => {
    expect(segmentsOf(text).map((segment) => segment.text).join('')).toBe(text);
  });
});

it.each([
  ['population', 'Population'],
  ['featureCode', 'Feature code'],
  ['feature_code', 'Feature code'],
  ['FEATURE-CODE', 'Feature code'],
  ['parentID', 'Parent ID'],
  ['ISO', 'ISO'],
  ['名前', '名前'],
  ['__', '__'],
  ['', ''],
])('calls the property %j "%s"', (key, label) => {
  expect(labelOf(key)).toBe(label);
});

describe('a moment', () => {
  it.each([
    ['2018-02-06T15:50:42Z', '2018-02-06T15:50:42.000Z'],
    ['2018-02-06T15:50:42.125+08:00', '2018-02-06T07:50:42.125Z'],
  ])('is %s', (text, moment) => {
    expect(momentOf(text)?.toISOString()).toBe(moment);
  });

  it.each(['2018', '2018-02-06', '15:50', '2018-02-06 15:50:42', '2018-13-45T99:99:99Z', 'Paris'])('is not %s', (text) => {
    expect(momentOf(text)).toBeNull();
  });
});
