// The texts of the pages behind a sign-in stand in the same JSON as all others, one for each language, and travel apart from
// them: the map does not wait for what it never shows. `xx.json?desk` holds theirs, `xx.json` the rest.
import { readFile } from 'node:fs/promises';

/** What stands before the dot in keys that no public page uses; a test holds the map to it. */
export const DESK = [
  'account', 'accounts', 'admin', 'audit', 'bulk', 'conflict', 'download', 'edit', 'exports', 'grants', 'import', 'invitation', 'invites', 'layer', 'link',
  'password', 'playground', 'reset', 'role', 'server', 'sessions', 'setup', 'signIn', 'tokens', 'verify',
];

export function deskTexts() {
  return {
    name: 'desk-texts',
    enforce: 'pre',
    async load(id) {
      const [path, query] = id.split('?');
      if (!/\/locales\/\w+\.json$/.test(path)) return null;
      const wanted = ([key]) => DESK.includes(key.split('.')[0]) === (query === 'desk');
      const texts = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(await readFile(path, 'utf8'))).filter(wanted)));
      // With a query the bundler takes a file for no JSON any more.
      return query === 'desk' ? { code: `export default ${texts};`, moduleType: 'js' } : texts;
    },
  };
}
