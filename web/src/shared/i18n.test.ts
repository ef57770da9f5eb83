import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { DESK } from '../../build/desk-texts.mjs';
import german from '../locales/de.json';
import texts from '../locales/en.json';
import spanish from '../locales/es.json';
import french from '../locales/fr.json';
import { compareTexts, formatCompact, formatNumber, pickLanguage, t, tn } from './i18n';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Keys in calls of `t`, and stems in calls of `tn`, each with the file that names it. */
function keysIn(path: string): { kind: 't' | 'tn'; key: string; path: string }[] {
  const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.ES2022);
  const found: ReturnType<typeof keysIn> = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      const { text } = node.expression;
      const [argument] = node.arguments;
      if ((text === 't' || text === 'tn') && argument !== undefined) {
        found.push(...literals(argument).map((key) => ({ kind: text, key, path }) as const));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** `'a'` and both ends of `x ? 'a' : 'b'`: a key put together at run time could not be checked. */
function literals(node: ts.Expression): string[] {
  if (ts.isConditionalExpression(node)) return [...literals(node.whenTrue), ...literals(node.whenFalse)];
  return ts.isStringLiteral(node) ? [node.text] : [];
}

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));
const used = sources.flatMap(keysIn);
const stemOf = (key: string): string => key.replace(/\.(zero|one|two|few|many|other)$/, '');

describe('the texts', () => {
  it('are there for every key that the sources use', () => {
    const missing = used.filter(({ kind, key }) => !((kind === 't' ? key : `${key}.other`) in texts));
    expect(used.length).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });

  it('of the desk are used by no public page', () => {
    const isPublic = (path: string): boolean => /^(?:map|embed)\//.test(path);
    expect(used.filter(({ key, path }) => isPublic(path) && DESK.includes(key.split('.')[0] ?? ''))).toEqual([]);
  });

  it('are each used by the sources', () => {
    const keys = new Set(used.flatMap(({ kind, key }) => (kind === 't' ? [key] : Object.keys(texts).filter((other) => stemOf(other) === key))));
    expect(Object.keys(texts).filter((key) => !keys.has(key))).toEqual([]);
  });

  it.each(Object.entries({ german, spanish, french }))('are all there in %s, with the same gaps and nothing empty', (_, other: Record<string, string>) => {
    const gaps = (of: Record<string, string>) =>
      Object.fromEntries(Object.entries(of).map(([key, text]) => [key, [...text.matchAll(/\{\w+\}/g)].map(String).sort()]));
    expect(gaps(other)).toEqual(gaps(texts));
    expect(Object.entries(other).filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it('are not empty', () => {
    expect(Object.entries(texts).filter(([, text]) => text.trim() === '')).toEqual([]);
  });
});

it.each([
  [['de-AT', 'en'], 'de'],
  [['pt-BR', 'FR-ca', 'de'], 'fr'],
  [['en-GB', 'de'], 'en'],
  [['ja'], 'en'],
  [[], 'en'],
])('speaks to readers of %j in %s', (wanted, language) => {
  expect(pickLanguage(wanted)).toBe(language);
});

it('fills the gaps of a text and leaves a gap that nothing fills', () => {
  expect(t('notice.truncated', { layer: '{count}', count: 12_345 })).toBe('{count}: showing the first 12,345; zoom in for all.');
  expect(t('notice.truncated', { layer: 'Cities' })).toBe('Cities: showing the first {count}; zoom in for all.');
});

it.each([[0, '0 places in view'], [1, '1 place in view'], [2, '2 places in view'], [12_345, '12,345 places in view']])(
  'counts %d in words',
  (count, text) => {
    expect(tn('list.count', count)).toBe(text);
  },
);

it.each([[2018, '2018'], [12_345, '12,345'], [0.1234567, '0.123457'], [-5, '-5']])('writes the number %d as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

it.each([[100_000, '100K'], [2_138_551, '2.14M'], [6.5, '6.5']])('writes %d shortly as %s', (value, text) => {
  expect(formatCompact(value)).toBe(text);
});

it('sorts names as readers do', () => {
  expect(['b10', 'B2', 'ä', 'z', 'a'].sort(compareTexts)).toEqual(['a', 'ä', 'B2', 'b10', 'z']);
});
