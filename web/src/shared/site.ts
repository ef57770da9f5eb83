// Where the site begins: pages lie at different depths, one of them at a path that only the operator knows, and a proxy may
// put a prefix before all of them.

/** The address that `graphql`, `settings.json` and the pages are relative to. */
export function siteRoot(): URL {
  const root = document.querySelector<HTMLMetaElement>('meta[name="cairn-root"]')?.content ?? './';
  return new URL(root, document.baseURI);
}
